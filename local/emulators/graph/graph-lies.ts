/**
 * False or unusual answers of Graph: pages of a delta query, their links, their entries. A fault ends an answer, a lie
 * leaves it well-formed. Orders are plain JSON; without `times` a lie is told until `clearFaults`.
 */
import type { Message } from '../directory.js'
import { headerOf } from './mime.js'

/** Every order may be bound to a mailbox, to one mail by its subject, and to a number of times. */
interface Bounds {
  user?: string
  subject?: string
  times?: number
}

export type GraphLie = Bounds &
  (
    | {
        /** So many pages without an entry, each with a next link of its own, before what was asked for. */
        lie: 'empty-pages'
        pages: number
      }
    | {
        /** The same page for ever: its next links make a ring of so many; 1 leads to itself. */
        lie: 'ring'
        of: number
      }
    | {
        /** `both`: the last page has a next link too, to a page that has no link at all; `none`: no link. */
        lie: 'links'
        how: 'both' | 'none' | 'numbers'
      }
    | {
        /** This many entries `{}` instead of the page's own, with the page's own links. */
        lie: 'stuffed'
        entries: number
      }
    | {
        /** `none`: without a list of entries; `text`: a text in its place. */
        lie: 'value'
        how: 'none' | 'text'
      }
    | {
        /** Entries of a page: last first, or each two times. */
        lie: 'order'
        how: 'reversed' | 'doubled'
      }
    | {
        /** Entries told in earlier rounds come again before those of this page, as after a change of flags. */
        lie: 'again'
      }
    | {
        /** An entry names a mail that is not there, or says that it is gone. */
        lie: 'stranger' | 'stranger-removed'
      }
    | {
        /** An entry says that a mail is gone which is there, instead of its own entry or before it. */
        lie: 'removed'
        how: 'instead' | 'beside'
      }
    | {
        /**
         * Of an upload in pieces. `back`: the piece is not kept, the answer asks for it again; `skip`: the answer asks for one
         * further on; `forget`: the session is no longer known (404), from now on; `last-200`: the last piece is answered
         * without 201; `lost`: so too, and the file is not there.
         */
        lie: 'upload'
        how: 'back' | 'skip' | 'forget' | 'last-200' | 'lost'
        /** Told from this byte on. */
        from?: number
      }
    | {
        /** A property of an entry; `null`: without it. */
        lie: 'property'
        name: 'id' | 'receivedDateTime' | 'parentFolderId'
        value: string | null
      }
  )

type Kind = GraphLie['lie']

export class GraphLies {
  #orders: { lie: GraphLie; left: number }[] = []

  order(lie: GraphLie): void {
    this.#orders.push({ lie, left: lie.times ?? Number.POSITIVE_INFINITY })
  }

  clear(): void {
    this.#orders = []
  }

  /** The lie of this kind that holds now for this mailbox, counted as told. */
  tell<K extends Kind>(
    kind: K,
    addresses: string[],
    { mail, from = 0 }: { mail?: Message | undefined; from?: number } = {},
  ): Extract<GraphLie, { lie: K }> | undefined {
    for (const order of this.#orders) {
      const { lie } = order
      if (order.left <= 0 || lie.lie !== kind) continue
      if (lie.user !== undefined && !addresses.includes(lie.user.toLowerCase())) continue
      if (lie.subject !== undefined && lie.subject !== (mail && headerOf(mail.raw, 'subject'))) continue
      if (lie.lie === 'upload' && from < (lie.from ?? 0)) continue
      order.left -= 1
      return lie as Extract<GraphLie, { lie: K }>
    }
    return undefined
  }
}
