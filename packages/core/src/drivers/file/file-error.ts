import type { CheckpointErrorCode } from "../../store/checkpoint-error.ts";
import type { DriverFailure } from "../../store/checkpoint-driver.ts";
import { isError } from "../../store/is-error.ts";

/** An error that the file driver has already put into words, because an errno alone would not say it. */
export class FileStoreError extends Error {
  override readonly name = "FileStoreError";
  readonly failure: DriverFailure;

  constructor(
    code: CheckpointErrorCode,
    message: string,
    details: { remedy?: string; retryable?: boolean; outcome?: DriverFailure["outcome"]; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const { remedy, retryable = false, outcome = "not-applied" } = details;
    this.failure = { code, retryable, outcome, message, remedy };
  }
}

/** The directory cannot be what it was meant to be: most likely its volume is not mounted. */
export function mountNotFound(problem: string, cause: unknown): FileStoreError {
  return new FileStoreError("not-found", `state mount not found: ${problem}`, {
    remedy:
      "Check that the store's URL or path names the right directory, and that the volume is mounted; it is not created for you.",
    cause,
  });
}

/** A name under which only a regular file can hold a value is something else. */
export function notRegularFile(path: string, cause?: unknown): FileStoreError {
  return new FileStoreError("corrupt", `${path} is not a regular file`, {
    remedy: "Somebody else has made it: move it out of the way.",
    cause,
  });
}

/** What to throw after `open` has failed on a value's file. */
export function openFailure(path: string, error: unknown): unknown {
  const errno = errnoOf(error);
  // A symbolic link, a socket.
  return errno === "ELOOP" || errno === "ENXIO" ? notRegularFile(path, error) : error;
}

/** The error code of the operating system, for example `"ENOENT"`. */
export function errnoOf(error: unknown): string | undefined {
  return isError(error) && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

type Explanation = Omit<DriverFailure, "outcome" | "message"> & { readonly says: string };

const denied: Explanation = {
  code: "permission-denied",
  retryable: false,
  says: "the operating system denies access",
  remedy: "Let the user that runs this process own the directory and everything in it, .holdpoint included.",
};
const full: Explanation = {
  code: "unavailable",
  retryable: false,
  says: "the disk is full or the quota is used up",
  remedy: "Free space on the volume or enlarge it.",
};
const noDirectory: Explanation = {
  code: "corrupt",
  retryable: false,
  says: "a file stands where a directory is needed, or the other way round",
  remedy: "Somebody else has made it: move it out of the way.",
};
const tooManyFiles: Explanation = {
  code: "unavailable",
  retryable: true,
  says: "too many files are open",
  remedy: "Raise the limit of open files (ulimit -n) or do less at once.",
};
const cannot: Explanation = {
  code: "unsupported",
  retryable: false,
  says: "the filesystem lacks what a store needs (hard links, locks, file times)",
  remedy: "Use a local POSIX filesystem or NFS for the directory, or another backend.",
};
const unnameable: Explanation = {
  code: "invalid-argument",
  retryable: false,
  says: "the filesystem cannot have a file of that name",
  remedy: "Use shorter keys or a directory with a shorter path.",
};
const interrupted: Explanation = {
  code: "unavailable",
  retryable: true,
  says: "the filesystem did not answer as it should",
  remedy: "Check the volume and, if it is a network filesystem, its server.",
};

const explanations: Readonly<Record<string, Explanation>> = {
  EACCES: denied,
  EPERM: denied,
  EROFS: {
    code: "permission-denied",
    retryable: false,
    says: "the filesystem is mounted read-only",
    remedy: "Mount the volume for reading and writing.",
  },
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: full,
  ENOTDIR: noDirectory,
  EISDIR: noDirectory,
  ENOTEMPTY: noDirectory,
  EEXIST: noDirectory,
  ELOOP: noDirectory,
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  ENOSYS: cannot,
  ENOTSUP: cannot,
  EOPNOTSUPP: cannot,
  EMLINK: cannot,
  EINVAL: cannot,
  EILSEQ: unnameable,
  ENAMETOOLONG: unnameable,
  EXDEV: {
    code: "unsupported",
    retryable: false,
    says: "a part of the directory is another filesystem",
    remedy: "Mount one volume for the whole directory rather than for a directory inside it.",
  },
};

/** Says what an error of the file driver means. Node's own messages name the system call and the path. */
export function classifyFileError(error: unknown): DriverFailure {
  if (error instanceof FileStoreError) return error.failure;
  const errno = errnoOf(error);
  const raw = isError(error) ? error.message : String(error);
  if (errno === undefined || !/^E[A-Z0-9]+$/u.test(errno)) {
    return { code: "unavailable", retryable: false, outcome: "unknown", message: `an unexpected error: ${raw}` };
  }
  // A filesystem without hard links says so with EPERM: https://man7.org/linux/man-pages/man2/link.2.html
  const noLinks = errno === "EPERM" && isError(error) && "syscall" in error && error.syscall === "link";
  const { says, ...failure } = noLinks ? cannot : (explanations[errno] ?? interrupted);
  return { ...failure, outcome: "not-applied", message: `${says} (${raw})` };
}
