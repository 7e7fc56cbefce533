/**
 * Whether two server names have the same owner. The public suffix list names the suffixes below which anybody can
 * register a name: `co.uk` and, among its private entries, `azurewebsites.net`. Two names share an owner if their
 * registered part is the same and they are at the same level below it: hosters and access providers name their
 * customers' machines deeper in the domain of their own mail servers (`vps-1.vps.hoster.example`), without adding that
 * to the list. An IP address and a name without a suffix share an owner only with themselves. The list is loaded on
 * first use: few processes need it.
 */
export async function haveSameOwner(one: string, other: string): Promise<boolean> {
  const [first, second] = [one.toLowerCase(), other.toLowerCase()]
  if (first === second) return true
  const { getDomain } = await import('./public-suffixes.js')
  const options = { allowPrivateDomains: true, extractHostname: false }
  const domain = getDomain(first, options)
  if (domain === null || domain !== getDomain(second, options)) return false
  const above = (name: string): string => (name === domain ? domain : name.slice(name.indexOf('.') + 1))
  return above(first) === above(second)
}
