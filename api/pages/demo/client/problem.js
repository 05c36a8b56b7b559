/**
 * A refusal: what the server says (RFC 9457), or that it could not be reached (`code` OFFLINE).
 * `errors` are [{pointer, detail}], one for each fault of the input.
 */
export class Problem extends Error {
  constructor({ status = 0, code = "UNKNOWN", title = "", detail = "", errors = [] }, retryAfter = null) {
    super(detail || title);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }

  static offline() {
    return new Problem({ code: "OFFLINE", detail: "The server cannot be reached. Check your connection." });
  }

  static signedOut() {
    return new Problem({ status: 401, code: "SIGNED_OUT", detail: "Please sign in." });
  }

  /** Whether the very same request may succeed later. */
  get passing() {
    return this.code === "OFFLINE" || [408, 429, 502, 503, 504].includes(this.status);
  }
}
