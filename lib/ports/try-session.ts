import type { ReceiveSession } from './receiver.js'
import type { SendSession } from './sender.js'

/**
 * Opens one direction of a mailbox, proves what can be proven without an effect, and closes it again. `opened`: the
 * mailbox can be opened for it, and only a mail would show more (T3); `untried`: only a mail shows anything. Rejects with what the server said.
 */
export async function trySession(
  open: () => Promise<Pick<ReceiveSession, 'check' | 'close'> | Pick<SendSession, 'check' | 'close'>>,
): Promise<'works' | 'opened' | 'untried'> {
  const session = await open()
  try {
    return (await session.check?.()) ?? 'works'
  } finally {
    await session.close().catch(() => undefined)
  }
}
