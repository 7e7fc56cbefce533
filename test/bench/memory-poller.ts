/** One process that polls many mailboxes with large mail, and how far its memory rises. */
import { bytesInHand } from '../../lib/ports/bytes-in-hand.js'
import { memoryBlobs } from '../../lib/stores/memory-blobs.js'
import type { Delivery } from './imap-peer.js'
import { startPeer } from './peers.js'
import { pollingGateway, type Server } from './receive-imap.js'

const mailboxes = 24
const bytes = 25_000_000

process.on('message', async ({ budget }: { budget: number }) => {
  const peer = await startPeer<Server>('imap-peer')
  const users = Array.from({ length: mailboxes }, (_, n) => `box-${n}@acme.example`)
  const blobs = { ...memoryBlobs(), put: async () => true }
  const world = await pollingGateway(peer.hello, users, { inHand: bytesInHand(budget), blobs })
  await world.tick()
  for (const user of users) await peer.ask({ users: [user], mails: 1, bytes } satisfies Delivery)
  const idle = process.memoryUsage.rss()
  let highest = idle
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss())
  }, 10)
  const started = performance.now()
  let told = 0
  for (let ticks = 0; told < mailboxes && ticks < 20; ticks += 1) told += await world.tick(false)
  clearInterval(watch)
  if (told !== mailboxes) throw new Error(`${told} of ${mailboxes} mails were told`)
  process.send?.({ aboveIdleMegabytes: (highest - idle) / 1e6, ms: performance.now() - started })
  peer.stop()
})
process.on('disconnect', () => process.exit())
process.send?.({})
