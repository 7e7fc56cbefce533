/** The Graph transports at the emulated Microsoft 365, with two people who write to each other. */
import { afterEach, beforeEach } from 'vitest'
import type { ReceiveSession } from '../../../lib/ports/receiver.js'
import { graphReceiver } from '../../../lib/transports/graph-receiver.js'
import { stopsAfterEach } from '../general/stops-after-each.js'
import { type Microsoft365, startMicrosoft365 } from './microsoft-365.js'

export let world: Microsoft365
export const clock = { now: 0 }
export const signal = new AbortController().signal
export const ana = 'ana@contoso.example'
export const ben = 'ben@contoso.example'
export const stops: (() => Promise<unknown>)[] = []

export const inboxOf = (address: string) => {
  const mailbox = world.directory.mailbox(world.directory.user(address)!)
  return mailbox.in(mailbox.folder('inbox')!)
}
const inbox = { transport: 'graph', graph: { mailbox: 'me' }, folder: 'inbox' } as const

export async function receive(upn = ben, folder = 'inbox'): Promise<ReceiveSession> {
  return graphReceiver({ origins: world.origins }).open({ ...inbox, folder }, await world.authority(upn), signal)
}

/** A new Microsoft 365 for each test. */
export function useGraphMailboxes(): void {
  beforeEach(async () => {
    clock.now = Date.now()
    world = await startMicrosoft365({ now: () => clock.now })
  })
  afterEach(() => world.stop())
  stopsAfterEach(stops)
}
