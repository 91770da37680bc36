/** What vendors publish; docs/scale.md says where it was read, and what could not be read at its source. */

/** An object store that is paid for by use. */
export interface ObjectStore {
  readonly name: string;
  /** Of 2^30 bytes, in USD. */
  readonly gibMonth: number;
  /** Of PUT and LIST, in USD. Deletions are free. */
  readonly thousandWrites: number;
  readonly thousandReads: number;
  /** Below which there is nothing to prepare. */
  readonly writesPerSecond: number;
  readonly readsPerSecond: number;
}

/** Amazon S3 Standard in us-east-1, for each partition of a bucket. */
export const s3: ObjectStore = {
  name: "S3",
  gibMonth: 0.023,
  thousandWrites: 0.005,
  thousandReads: 0.0004,
  writesPerSecond: 3_500,
  readsPerSecond: 5_500,
};

/** Cloud Storage, Standard, in us-east1, for each bucket before it has scaled. */
export const gcs: ObjectStore = {
  name: "Cloud Storage",
  gibMonth: 0.02,
  thousandWrites: 0.005,
  thousandReads: 0.0004,
  writesPerSecond: 1_000,
  readsPerSecond: 5_000,
};
