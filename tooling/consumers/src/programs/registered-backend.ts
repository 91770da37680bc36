// A program that holds its backend: bundlers can only put into a bundle what is imported by name.
import { backend } from "@holdpoint/backend-redis";
import { openStore, registerBackend } from "@holdpoint/core";

registerBackend(backend);

async function main(): Promise<void> {
  const store = await openStore(process.env["STORE_URL"] ?? "");
  const key = `consumers/${process.pid}-${Date.now()}`;
  const { version } = await store.put(key, new TextEncoder().encode("kept"), { ifAbsent: true });
  const found = await store.get(key);
  await store.delete(key, { ifVersion: version });
  await store.close();
  console.log(new TextDecoder().decode(found?.body));
}

void main();
