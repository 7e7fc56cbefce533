import { GatewayError } from '../../../lib/errors.js'
import type { Verdict, Verdicts } from '../../../lib/model/sign-in.js'
import type { ReceiveTarget, SendTarget } from '../../../lib/model/transports.js'
import type { ReceiveSession } from '../../../lib/ports/receiver.js'
import type { SendSession } from '../../../lib/ports/sender.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { everyReceiver, everySender } from '../general/toolbox.js'

/** What a server was opened for. */
export type Tried = { receive: ReceiveTarget } | { send: SendTarget }

/**
 * Mail servers that let a try-out come to these verdicts; what is not tested never answers. `tried` hears of each
 * opening first.
 */
export function serversSaying(
  verdicts: () => Pick<Verdicts, 'reading' | 'sending'>,
  tried: (what: Tried) => unknown = () => {},
): Pick<Toolbox, 'receivers' | 'senders'> {
  const receiver = {
    async open(receive: ReceiveTarget, _: unknown, signal: AbortSignal) {
      await tried({ receive })
      return (await answer(verdicts().reading, signal)) as ReceiveSession
    },
  }
  const sender = {
    async open(send: SendTarget, _: unknown, signal: AbortSignal) {
      await tried({ send })
      return (await answer(verdicts().sending, signal)) as SendSession
    },
  }
  return { receivers: everyReceiver(receiver), senders: everySender(sender) }
}

async function answer(said: Verdict, signal: AbortSignal): Promise<Partial<ReceiveSession & SendSession>> {
  if (said.verdict === 'fails')
    throw new GatewayError(said.code, 'permanent', { description: said.text, remedy: said.remedy })
  if (said.verdict === 'not-tested' && !said.opened) {
    // The patience of the try-out ends, behind what the other server has said.
    setImmediate(() => signal.dispatchEvent(new Event('abort')))
    await new Promise(() => {})
  }
  return { check: async () => (said.verdict === 'works' ? undefined : 'opened') as never, close: async () => {} }
}
