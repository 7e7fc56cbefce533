/** One numbering of a folder: UIDs mean a mail only under their UIDVALIDITY, and only until the server rewinds them. */
export interface ImapNumbering {
  validity: string
  /** How often UIDs were given anew without a new UIDVALIDITY (RFC 3501 2.3.1.1 forbids it; restored servers do it). */
  rewinds: number
}

/** Where receiving stands in one folder. */
export interface ImapCursor extends ImapNumbering {
  uid: number
  folder: string
}

const named = ({ validity, rewinds }: ImapNumbering): string => (rewinds === 0 ? validity : `${validity}~${rewinds}`)

/** `{uidValidity}[~{rewinds}]:{lastUid}:{folder}`. */
export function writeCursor({ uid, folder, ...numbering }: ImapCursor): string {
  return `${named(numbering)}:${uid}:${folder}`
}

export function readCursor(text: string): ImapCursor | undefined {
  const [, validity, rewinds = '0', uid, folder] = /^(\d{1,20})(?:~(\d{1,9}))?:(\d{1,10}):(.+)$/s.exec(text) ?? []
  if (validity === undefined || uid === undefined || folder === undefined) return undefined
  return { validity, rewinds: Number(rewinds), uid: Number(uid), folder }
}

export const serverIdOf = (numbering: ImapNumbering, uid: number): string => `${named(numbering)}.${uid}`

/**
 * UIDs of the server ids that belong to this numbering; the others mean mails that no longer exist. Without `rewinds`:
 * to any numbering under this UIDVALIDITY.
 */
export function uidsUnder(
  { validity, rewinds }: Pick<ImapNumbering, 'validity'> & Partial<ImapNumbering>,
  serverIds: readonly string[],
): number[] {
  return serverIds.flatMap((id) => {
    const [, of, times = '0', uid] = /^(\d{1,20})(?:~(\d{1,9}))?\.(\d{1,10})$/.exec(id) ?? []
    return of === validity && (rewinds === undefined || Number(times) === rewinds) ? [Number(uid)] : []
  })
}

/** A UID set as short as it goes: `3:7,9`. Ascending, without doubles. */
export function uidSet(uids: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const uid of [...new Set(uids)].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && last[1] + 1 === uid) last[1] = uid
    else ranges.push([uid, uid])
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}:${to}`)).join(',')
}
