// A process that asks, answers, acts and settles as it is told.
import { serveHoldOrders } from "./serve-hold-orders.ts";

await serveHoldOrders();
