/**
 * Which IP addresses a tenant's server may have (SEC-24). Only canonical spellings count as addresses; an IPv6 address
 * that embeds an IPv4 address is judged by the embedded one, or refused if mail never needs that form.
 */

type Range = readonly [base: string, bits: number]

/** IANA special-purpose registry, plus the platform's own addresses. */
const closedV4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

/** Inside 2000::/3, what is not for the public: protocol assignments with Teredo, documentation, 6to4. */
const closedV6: readonly Range[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]

/** Of addresses as numbers: the same but for their last bits. */
interface Block {
  base: bigint
  freeBits: bigint
}

const blockV4 = ([base, bits]: Range): Block => ({ base: parseV4(base)!, freeBits: BigInt(32 - bits) })
const blockV6 = ([base, bits]: Range): Block => ({ base: parseV6(base)!, freeBits: BigInt(128 - bits) })
const closed4 = closedV4.map(blockV4)
const closed6 = closedV6.map(blockV6)
const globalUnicast = blockV6(['2000::', 3])
const mapped = blockV6(['::ffff:0:0', 96])
const nat64 = blockV6(['64:ff9b::', 96])

/** True for an address of global unicast that is nobody's internal network. Anything not an IP address: false. */
export function isPublicAddress(ip: string): boolean {
  const v4 = parseV4(ip)
  if (v4 !== undefined) return isPublicV4(v4)
  const v6 = parseV6(ip)
  if (v6 === undefined) return false
  if (within(v6, mapped) || within(v6, nat64)) return isPublicV4(v6 & 0xffffffffn)
  return within(v6, globalUnicast) && !closed6.some((block) => within(v6, block))
}

/** True for 127.0.0.0/8 and ::1, also when mapped. */
export function isLoopbackAddress(ip: string): boolean {
  const v4 = parseV4(ip)
  if (v4 !== undefined) return v4 >> 24n === 127n
  const v6 = parseV6(ip)
  if (v6 === undefined) return false
  return v6 === 1n || (within(v6, mapped) && (v6 & 0xffffffffn) >> 24n === 127n)
}

const mailPorts: ReadonlySet<number> = new Set([25, 465, 587, 2525, 143, 993, 110, 995, 443])

/** Ports of mail and HTTPS; any port where loopback servers are allowed (local mode). */
export function allowedPort(port: number, allowLoopback: boolean): boolean {
  return mailPorts.has(port) || (allowLoopback && Number.isInteger(port) && port > 0 && port < 65_536)
}

/**
 * Not `azurewebsites.net`: the endpoints of many customers are there, and a post to it carries nothing that opens a
 * door.
 */
const ownServices = ['.core.windows.net', '.vault.azure.net', '.azure.internal', '.internal']

/** Host names that are never a tenant's server: the gateway's own storage, vault and the local network. */
export function isOwnService(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  return ownServices.some((suffix) => name.endsWith(suffix))
}

/** Of the namespace for private use, where a deployment may have servers of its own; the platform's part of it is not. */
export function isInternalName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  return name.endsWith('.internal') && !name.endsWith('.azure.internal')
}

function isPublicV4(value: bigint): boolean {
  return !closed4.some((block) => within(value, block))
}

function within(value: bigint, { base, freeBits }: Block): boolean {
  return value >> freeBits === base >> freeBits
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0n
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = (value << 8n) | BigInt(part)
  }
  return value
}

function parseV6(text: string): bigint | undefined {
  if (text.length > 45 || !/^[0-9a-f:.]+$/i.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? groups(halves[1]!, true) : []
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  let value = 0n
  for (const group of [...head, ...Array<bigint>(missing).fill(0n), ...tail]) value = (value << 16n) | group
  return value
}

function groups(text: string, mayEndInV4: boolean): bigint[] | undefined {
  if (text === '') return []
  const result: bigint[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      result.push(BigInt(`0x${part}`))
      continue
    }
    const v4 = mayEndInV4 && index === parts.length - 1 ? parseV4(part) : undefined
    if (v4 === undefined) return undefined
    result.push(v4 >> 16n, v4 & 0xffffn)
  }
  return result
}
