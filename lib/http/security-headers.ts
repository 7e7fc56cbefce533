export interface PageSecurity {
  /** `sha256-…` of the one style sheet. */
  styleHash: string
  /**
   * Origins besides our own that a form post may end at: Chromium applies form-action to the redirects that follow a
   * post, so the page whose button leads to the identity provider must name its origin.
   */
  formTargets?: readonly string[]
}

/** Headers of every page: nothing loads, nothing frames, nothing is kept, nothing is told to the next site (SEC-12, SEC-15). */
export function securityHeaders({ styleHash, formTargets = [] }: PageSecurity): Record<string, string> {
  const targets = ["'self'", ...formTargets].join(' ')
  return {
    'content-security-policy': `default-src 'none'; style-src '${styleHash}'; form-action ${targets}; frame-ancestors 'none'; base-uri 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
    'strict-transport-security': 'max-age=31536000',
  }
}
