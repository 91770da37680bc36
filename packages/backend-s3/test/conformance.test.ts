import { describeConformance } from "./describe-conformance.ts";

describeConformance("s3");
