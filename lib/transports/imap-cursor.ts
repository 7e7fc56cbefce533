/** Where receiving stands in one folder. UIDs count only under their UIDVALIDITY. */
export interface ImapCursor {
  validity: string
  uid: number
  folder: string
}

/** `{uidValidity}:{lastUid}:{folder}`. */
export function writeCursor({ validity, uid, folder }: ImapCursor): string {
  return `${validity}:${uid}:${folder}`
}

export function readCursor(text: string): ImapCursor | undefined {
  const [, validity, uid, folder] = /^(\d{1,20}):(\d{1,10}):(.+)$/s.exec(text) ?? []
  if (validity === undefined || uid === undefined || folder === undefined) return undefined
  return { validity, uid: Number(uid), folder }
}

export const serverIdOf = (validity: string, uid: number): string => `${validity}.${uid}`

/** UIDs of the server ids that belong to this UIDVALIDITY; the others mean mails that no longer exist. */
export function uidsUnder(validity: string, serverIds: readonly string[]): number[] {
  return serverIds.flatMap((id) => {
    const [, of, uid] = /^(\d{1,20})\.(\d{1,10})$/.exec(id) ?? []
    return of === validity ? [Number(uid)] : []
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
