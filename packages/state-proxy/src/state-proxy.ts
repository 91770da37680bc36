#!/usr/bin/env node
import { runStateProxy } from "./run-state-proxy.ts";

await runStateProxy();
