import type { TokenVerdict } from "../form/form-tokens.ts";

/** Why a form was not taken. */
export const tokenNotices: Readonly<Record<Exclude<TokenVerdict, "valid">, string>> = {
  used: "This form was sent before. Nothing was sent again.",
  expired: "This form stood open for too long. Look at it again, and send it again.",
  invalid:
    "This form was not made for you, or not for this. Nothing was decided. If you are who should decide, do it here.",
};
