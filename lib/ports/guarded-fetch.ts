/**
 * A bounded `fetch` for an address that a tenant named: no forbidden address, no redirect followed, an end in time and
 * size. Rejects with `host_not_allowed`, or with whatever broke.
 */
export type GuardedFetch = (
  url: string,
  request: { method: 'GET' | 'POST'; headers: Readonly<Record<string, string>>; body?: string },
) => Promise<Response>
