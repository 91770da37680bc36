// What a program without a backend's package, and without registering it, is told.
import { openStore } from "@holdpoint/core";

async function main(): Promise<void> {
  try {
    await openStore("redis://127.0.0.1:1");
  } catch (error) {
    console.log((error as Error).message);
  }
}

void main();
