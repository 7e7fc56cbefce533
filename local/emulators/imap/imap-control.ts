import type { ImapFault } from './imap-faults.js'
import type { ImapLie } from './imap-lies.js'
import type { ImapEmulator } from './start-imap.js'

/**
 * What can be ordered from the IMAP emulator over `POST …/__control`, in the shape of the other emulators' controls.
 */
export interface ImapControl {
  readonly counters: { connections: number; open: number; logins: number; bodies: number }
  /** The commands seen, newest last (the last 5,000), without their arguments, which may be passwords. */
  readonly requests: { connection: number; command: string; user: string | undefined }[]
  fail(order: ImapFault): void
  /** Well-formed answers that are not so, until `clearFaults`. */
  lie(order: ImapLie): void
  clearFaults(): void
  /** Capabilities no longer offered, their commands refused; `clearFaults` gives them back. */
  withhold(capabilities: string[]): void
  /** SELECT announces so many mails more (or fewer) than there are. */
  lieAboutExists(difference: number): void
  /** New UIDVALIDITY and UIDs. */
  flipUidValidity(order: { user: string; folder?: string }): void
  /** UIDs counted from 1 again under the same UIDVALIDITY. */
  rewindUids(order: { user: string; folder?: string }): void
  /** Drops a mail into a folder, INBOX when none is named. */
  deliver(mail: { to: string; raw: string; folder?: string }): void
  dropConnections(): void
}

export function imapControl(imap: ImapEmulator): ImapControl {
  const { control } = imap
  return {
    get counters() {
      return { connections: imap.connections, open: imap.open, ...imap.counts }
    },
    get requests() {
      return imap.commands.slice(-5_000).map(({ connection, line, user }) => {
        const [, command = '', ...more] = line.split(' ')
        return { connection, command: /^uid$/i.test(command) ? `${command} ${more[0]}` : command, user }
      })
    },
    fail: (order) => control.faults.order(order),
    lie: (order) => control.lies.order(order),
    clearFaults: () => control.behave(),
    withhold: (capabilities) => control.withhold(...capabilities),
    lieAboutExists: (difference) => control.lieAboutExists(difference),
    flipUidValidity: ({ user, folder }) => control.flipUidValidity(user, folder),
    rewindUids: ({ user, folder }) => control.rewindUids(user, folder),
    deliver: ({ to, raw, folder }) => void imap.deliver(to, raw, folder),
    dropConnections: () => control.dropConnections(),
  }
}
