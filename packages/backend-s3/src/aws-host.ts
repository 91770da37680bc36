// https://docs.aws.amazon.com/general/latest/gr/s3.html, and the domains of the partitions that are not public.
const awsDomains = [
  "amazonaws.com",
  "amazonaws.com.cn",
  "amazonaws.eu",
  "api.aws",
  "api.amazonwebservices.com.cn",
  "api.amazonwebservices.eu",
  "c2s.ic.gov",
  "sc2s.sgov.gov",
  "cloud.adc-e.uk",
  "csp.hci.ic.gov",
];

/** Whether a host is AWS's own, whose S3 honours preconditions and need not be tried. */
export function isAwsHost(host: string | undefined): boolean {
  const name = (host ?? "").toLowerCase();
  // S3 on Outposts has no conditional writes.
  if (name.includes("s3-outposts")) return false;
  return awsDomains.some((domain) => name === domain || name.endsWith(`.${domain}`));
}
