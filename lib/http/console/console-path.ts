const most = 1_000

/**
 * Where a person wanted to go, when that is a page of the console; else the overview (O9, SEC-10). What is given is
 * parsed against our own origin and rebuilt from its parts, so that no spelling leaves the site.
 */
export function consolePath(wanted: string, origin: string): string {
  const overview = '/console'
  // Nothing a browser would drop or turn round while it reads the address.
  if (wanted.length > most || !/^\/console(?:[/?][\x21-\x5b\x5d-\x7e]*)?$/.test(wanted)) return overview
  if (!URL.canParse(wanted, origin)) return overview
  const url = new URL(wanted, origin)
  const isOurs = url.origin === new URL(origin).origin && /^\/console(?:\/|$)/.test(url.pathname)
  return isOurs && !/^\/console\/sign-(in|out)/.test(url.pathname) ? `${url.pathname}${url.search}` : overview
}
