/** Internal networks that a deployment names, as CIDR blocks. */
import { BlockList, isIP } from 'node:net'

/** Private and shared address space; nothing else can be permitted, least of all loopback and the platform's own. */
const internal = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Undefined when it is none. */
function blockOf(text: string): { base: string; bits: number } | undefined {
  const [, base = '', length = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? []
  const bits = Number(length)
  return isIP(base) === 0 || bits > (isIP(base) === 6 ? 128 : 32) ? undefined : { base, bits }
}

function isWithin(block: { base: string; bits: number }, networks: readonly string[]): boolean {
  return networks.some((network) => {
    const outer = blockOf(network)
    if (outer === undefined || outer.bits > block.bits || isIP(outer.base) !== isIP(block.base)) return false
    return listOf([network]).check(block.base, familyOf(block.base))
  })
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const block = blockOf(network)
    if (block) list.addSubnet(block.base, block.bits, familyOf(block.base))
  }
  return list
}

const namesOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

/** Why a list cannot be had; `within`: another list whose networks alone may stand in it. */
export function wrongNetworks(text: string, within?: { setting: string; text: string }): string | undefined {
  for (const name of namesOf(text)) {
    const block = blockOf(name)
    if (block === undefined) return 'must be CIDR blocks separated by commas.'
    if (!isWithin(block, internal)) return `must name internal networks only: parts of ${internal.join(', ')}.`
    if (within !== undefined && !isWithin(block, namesOf(within.text)))
      return `must name only networks that are also in ${within.setting}.`
  }
  return undefined
}

/** Is the address in one of the networks? An IPv4 address that is written as an IPv6 one counts as what it is. */
export function networkCheck(text: string): (address: string) => boolean {
  const list = listOf(namesOf(text))
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address))
}
