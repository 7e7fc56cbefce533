/**
 * On every answer of every route, whatever its status: kept nowhere, never guessed at, told to no other site, and over
 * TLS from the first visit on. A process behind a front end that ends TLS cannot tell how the browser came, and a
 * deployment is reached over https alone, so that header is always there; where there is no TLS, on a laptop, a browser
 * ignores it (RFC 6797 section 8.1).
 */
export const everyAnswer = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'strict-transport-security': 'max-age=31536000',
} as const

/** Answers that are no page: shown by a browser all the same, they load and run nothing and stand in no frame. */
export const apiHeaders = {
  ...everyAnswer,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
} as const

export interface PageSecurity {
  /** `sha256-…` of the one style sheet. */
  styleHash: string
  /**
   * Origins besides our own that a form post may end at: Chromium applies form-action to the redirects that follow a
   * post, so the page whose button leads to the identity provider must name its origin.
   */
  formTargets?: readonly string[]
}

/**
 * Headers of every page: nothing loads, nothing frames, nothing is kept, nothing is told to the next site (SEC-12,
 * SEC-15).
 */
export function securityHeaders({ styleHash, formTargets = [] }: PageSecurity): Record<string, string> {
  const targets = ["'self'", ...formTargets].join(' ')
  return {
    ...everyAnswer,
    'content-security-policy': `default-src 'none'; style-src '${styleHash}'; form-action ${targets}; frame-ancestors 'none'; base-uri 'none'`,
    'cross-origin-opener-policy': 'same-origin',
  }
}
