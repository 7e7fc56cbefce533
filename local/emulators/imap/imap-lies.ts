/**
 * False answers that real IMAP servers give: numbers, rows of a FETCH, results of a SEARCH. A fault ends an answer, a
 * lie leaves it well-formed. Orders are plain JSON; without `times` a lie is told until `clearFaults`.
 */

/** Every order may be bound to a login, to one mail by its true UID, and to a number of times. */
interface Bounds {
  user?: string
  uid?: number
  times?: number
}

/**
 * A number of SELECT, EXAMINE and STATUS, or of FETCH, as it is written on the wire (`NIL`,
 * `"00-Jan-0000 00:00:00 +0000"`) instead of the truth; `null`: not at all.
 */
interface Said<K> {
  lie: K
  value: string | null
}

export type ImapLie = Bounds &
  (
    | Said<'uid-next'>
    | Said<'uid-validity'>
    | Said<'exists'>
    | Said<'size'>
    | Said<'internal-date'>
    | {
        lie: 'row'
        /**
         * `nil`: `BODY[] NIL`; `empty`: a literal of no bytes; `other-uid`: with the UID in `as`; `twice`: said again
         * at the end; `garbage`: a line that is no IMAP in its place; `cut`: half of it, then the end of the connection;
         * `no`: the whole FETCH is refused.
         */
        how: 'left-out' | 'no-uid' | 'nil' | 'empty' | 'other-uid' | 'twice' | 'garbage' | 'cut' | 'no'
        /** Only where bytes are asked for, or only where they are not; default both. */
        of?: 'body' | 'description'
        as?: number
        /** For `no`: the words. */
        text?: string
      }
    | {
        /** Each SELECT begins a new numbering (RFC 4315 UIDNOTSTICKY; a Courier that cannot write its database). */
        lie: 'uid-not-sticky'
      }
    | {
        /** The rows of a FETCH come last first. */
        lie: 'reversed'
      }
    | {
        /** A row that brings bytes comes at this pace: a line that is slow and steady, or a server that drips. */
        lie: 'pace'
        bytesPerSecond: number
      }
    | {
        /**
         * Inside a FETCH: another client's change of flags of the mail `about` (default: the row's), `bare` without
         * UID.
         */
        lie: 'flags'
        where: 'before' | 'after' | 'last'
        about?: number
        bare?: boolean
        modSeq?: string
      }
    | {
        /** Inside a FETCH, before the row: somebody else's mail arrives or leaves. */
        lie: 'untagged'
        text: string
      }
    | {
        /** `add` and `omit` change the numbers of a UID SEARCH, whatever was asked. */
        lie: 'search'
        add?: number[]
        omit?: number[]
      }
  )

type Kind = ImapLie['lie']

export class ImapLies {
  #orders: { lie: ImapLie; left: number }[] = []

  order(lie: ImapLie): void {
    this.#orders.push({ lie, left: lie.times ?? Number.POSITIVE_INFINITY })
  }

  clear(): void {
    this.#orders = []
  }

  /** The lie of this kind about this mail that holds now, counted as told. */
  tell<K extends Kind>(
    kind: K,
    about: { user: string; uid?: number },
    holds: (lie: Extract<ImapLie, { lie: K }>) => boolean = () => true,
  ): Extract<ImapLie, { lie: K }> | undefined {
    for (const order of this.#orders) {
      const lie = order.lie as Extract<ImapLie, { lie: K }>
      if (order.left <= 0 || lie.lie !== kind) continue
      if (lie.user !== undefined && lie.user.toLowerCase() !== about.user) continue
      if (lie.uid !== undefined && lie.uid !== about.uid) continue
      if (!holds(lie)) continue
      order.left -= 1
      return lie
    }
    return undefined
  }
}
