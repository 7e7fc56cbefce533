import { expect, test } from 'vitest'
import { receiverContract } from '../support/contracts/receiver-contract.js'
import { dovecotWorld, graphWorld, imapEmulatorWorld } from '../support/contracts/receiver-subjects.js'
import { dovecotAvailable } from '../support/mail-servers/dovecot.js'

/** M-036: once per kind of server. */
const largestBytes = 25 * 1024 * 1024

receiverContract('IMAP emulator, password', () => imapEmulatorWorld('password', 'implicit'), { largestBytes })
receiverContract('IMAP emulator, token as at Exchange', () => imapEmulatorWorld('token', 'starttls', 'exchange'))
receiverContract('IMAP emulator, token as at Google', () => imapEmulatorWorld('token', 'implicit', 'google'))
receiverContract('Graph emulator', graphWorld, { largestBytes })

if (dovecotAvailable()) {
  receiverContract('Dovecot, password', () => dovecotWorld('password', 'implicit'), { largestBytes })
  receiverContract('Dovecot, token', () => dovecotWorld('token', 'starttls'))
} else
  test('Dovecot is not installed, which was announced on standard error', () => expect(dovecotAvailable()).toBe(false))
