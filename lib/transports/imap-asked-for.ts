import type { FetchLimits } from '../ports/receiver.js'
import { uidSet } from './imap-cursor.js'

export interface AskedFor {
  /** Of what was found, as many as this poll takes. */
  listed: number[]
  /** UID set of the FETCH that describes them; empty when there is nothing to ask. */
  range: string
  from: number
  to: number
  /** The numbers in it, one by one. */
  each: number[]
}

/** Most numbers nobody named that are asked for beside the named ones. */
const mostUnnamed = 200
const mostUnnamedAlone = 8

/** The numbers between those that were found too, as far as they are few: a SEARCH may leave out what FETCH has. */
export function askedFor(
  found: number[],
  { behind, newest }: { behind: number | undefined; newest: number },
  limits: FetchLimits,
): AskedFor {
  const listed = found.slice(0, limits.maxMails)
  const unnamed = limits.alone ? mostUnnamedAlone : mostUnnamed
  const last = listed.at(-1) ?? 0
  const to = found.length > listed.length ? last : Math.max(last, newest)
  const from = behind ?? Math.max(1, (listed[0] ?? newest) - unnamed / 4)
  if (to === 0 || (behind !== undefined && listed.length === 0)) return { listed, range: '', from, to, each: [] }
  const near = Math.min(to, from + listed.length + unnamed)
  const far = [...listed, newest, to].filter((uid) => uid > near && uid <= to)
  const each = [...Array.from({ length: near - from + 1 }, (_, index) => from + index), ...new Set(far)]
  each.sort((a, b) => a - b)
  return { listed, range: behind === undefined ? uidSet(each) : `${from}:${to}`, from, to, each }
}
