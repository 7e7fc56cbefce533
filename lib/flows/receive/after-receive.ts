/**
 * Journey 3, step 6: what the mailbox owner wants to happen at the server to mail that was handed over. Runs only after
 * the cursor is saved; what is owed stands in the `receiving` row, so that a crash in between is made up for by the
 * next poll. A refusal (read-only folder) is reported and does not stop receiving; a folder to move to that is not there
 * needs a person, who is told.
 */
import { asGatewayError, GatewayError } from '../../errors.js'
import type { AfterReceive, Mailbox } from '../../model/mailbox.js'
import { parseAfterReceive } from '../../model/mailbox-settings.js'
import type { FlowConfig } from '../../ports/flow-config.js'
import type { ReceiveSession } from '../../ports/receiver.js'

/** The mailbox's own choice, else what the settings say. */
export function actionOf({ afterReceive }: Pick<FlowConfig, 'afterReceive'>, { receive }: Mailbox): AfterReceive {
  return (receive.transport === 'none' ? undefined : receive.after) ?? parseAfterReceive(afterReceive)
}

/** The sign-in was for reading alone. */
export const actionNotGranted = (lacking: readonly string[]): GatewayError =>
  new GatewayError('after_receive_not_granted', 'needs-reconnect', {
    hint: 'consent',
    description: `Received mail stays on the server as it is: the connection lacks ${lacking.join(', ')}, which marking, moving and deleting need.`,
    remedy:
      'Create a reconnect link with "permissions": "full" for the mailbox owner, or set what happens to received mail to "leave".',
  })

/**
 * `isSecond`: owed by an earlier poll. Answers with the refusal, when there is one, and what is owed still. A server that
 * goes on talking refuses the action and not the mailbox: once it may be a bad moment, the second time it is final.
 * Rejects with what concerns the whole mailbox.
 */
export async function afterReceive(
  session: ReceiveSession,
  { serverIds, action, isSecond }: { serverIds: string[]; action: AfterReceive; isSecond: boolean },
): Promise<{ refusal?: GatewayError; owed: string[] }> {
  if (serverIds.length === 0 || action.action === 'leave') return { owed: [] }
  try {
    await session.after(serverIds, action)
    return { owed: [] }
  } catch (error) {
    const refusal = asGatewayError(error)
    if (refusal.class === 'permanent') return { refusal, owed: [] }
    const isAnswered = refusal.class === 'transient' && refusal.hint !== 'throttle' && session.usable?.() === true
    if (!isAnswered) throw refusal
    return { refusal, owed: isSecond ? [] : serverIds }
  }
}
