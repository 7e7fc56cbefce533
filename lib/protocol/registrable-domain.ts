/**
 * Do two server names have the same owner? The public suffix list says below which names anybody can register one:
 * `co.uk` and, among its private entries, `azurewebsites.net`. Two names share an owner when the part that was
 * registered is the same and they stand in it side by side: hosters and access providers name their customers' machines
 * deeper in the domain of their own mail servers (`vps-1.vps.hoster.example`), without telling the list. An IP address
 * and a name without a suffix belong to nobody but themselves. The list is loaded with the first question: few
 * processes ever ask.
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
