import { CheckpointError, openStore } from "@holdpoint/core";

// Opens the store of the URL that it is given, uses it once, closes it and must then end by itself.
const [url = ""] = process.argv.slice(2);
try {
  const store = await openStore(url, { timeoutMs: 1_500, attemptTimeoutMs: 500 });
  await store.put("large", new Uint8Array(2_000_000));
  await Array.fromAsync(store.list());
  await store.close();
  process.stdout.write("used");
} catch (error) {
  process.stdout.write(CheckpointError.is(error) ? error.code : String(error));
}
