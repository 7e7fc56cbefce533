/**
 * The promise of receiving as a sum: what a server held = told once + set aside with a reason + logged as gone, whatever
 * the server says, whatever breaks and whenever the worker dies. A story is a list of plain steps, so that a generator can
 * make any and shrink one that fails; a transport adds its own mischief.
 */
import fc from 'fast-check'
import type { ReceiverSubject } from '../contracts/receiver-subjects.js'
import { type PollHarness, pollHarness } from './poll-harness.js'

export type Step<Mischief> =
  | { do: 'deliver' }
  /** The owner deletes the mail delivered as number `mail`, if there is one. */
  | { do: 'remove'; mail: number }
  | { do: 'misbehave'; mischief: Mischief }
  | { do: 'behave' }
  | { do: 'poll' }
  /** A poll whose worker dies at its n-th request to storage. */
  | { do: 'die'; at: number }

/** One mailbox at a server that misbehaves on order. */
export interface BalanceSubject<Mischief>
  extends Pick<ReceiverSubject, 'address' | 'receiver' | 'authority' | 'receive'> {
  /** A new mail with this Message-ID. */
  deliver(messageId: string): void
  remove(messageId: string): void
  misbehave(mischief: Mischief): void
  /** Ends all misbehaviour; what it did to the mailbox stays. */
  behave(): void
  /** Every received id under which this mail can have been listed so far. */
  receivedIds(messageId: string): string[]
}

const longestSettling = 40

export function anyStory<Mischief>(mischief: fc.Arbitrary<Mischief>): fc.Arbitrary<Step<Mischief>[]> {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ do: 'deliver' } as const) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), mail: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('misbehave' as const), mischief }) },
    { weight: 1, arbitrary: fc.constant({ do: 'behave' } as const) },
    { weight: 5, arbitrary: fc.constant({ do: 'poll' } as const) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), at: fc.integer({ min: 1, max: 40 }) }) },
  )
  return fc.array(step, { minLength: 3, maxLength: 18 })
}

export interface Balance {
  /** Message-IDs that are neither told nor listed, though the server still holds them. */
  lost: string[]
  /** Message-IDs told under two event ids. */
  twice: string[]
  /** Message-IDs that were told and never delivered. */
  invented: string[]
}

/** Plays the story, lets the server behave, polls until nothing moves, and draws the balance. */
export async function playStory<Mischief>(
  subject: BalanceSubject<Mischief>,
  story: Step<Mischief>[],
): Promise<Balance> {
  const flow = await pollHarness(subject)
  const held = new Set<string>()
  const everDelivered = new Set<string>()
  const idOf = (mail: number): string => `<mail-${mail}@story>`
  let delivered = 0
  for (const step of story) {
    if (step.do === 'deliver') {
      const id = idOf(++delivered)
      subject.deliver(id)
      held.add(id)
      everDelivered.add(id)
    } else if (step.do === 'remove') {
      subject.remove(idOf(step.mail))
      held.delete(idOf(step.mail))
    } else if (step.do === 'misbehave') subject.misbehave(step.mischief)
    else if (step.do === 'behave') subject.behave()
    else if (step.do === 'poll') await flow.poll()
    else await flow.pollAndDie(step.at)
  }
  subject.behave()
  await settle(flow)
  const told = flow.toldEvents()
  const listed = new Set((await flow.notImported()).map(({ id }) => id))
  const isListed = (id: string): boolean => subject.receivedIds(id).some((receivedId) => listed.has(receivedId))
  const events = new Map<string, Set<string>>()
  for (const { messageId, eventId } of told)
    events.set(messageId, (events.get(messageId) ?? new Set<string>()).add(eventId))
  return {
    lost: [...held].filter((id) => !events.has(id) && !isListed(id)),
    twice: [...events].filter(([, ids]) => ids.size > 1).map(([id]) => id),
    invented: [...events.keys()].filter((id) => !everDelivered.has(id)),
  }
}

/** Until two polls in a row found nothing. */
async function settle(flow: PollHarness): Promise<void> {
  let quiet = 0
  for (let poll = 0; quiet < 2; poll++) {
    if (poll === longestSettling) throw new Error(`After ${poll} polls of a server that behaves it still is not quiet`)
    const { outcome } = await flow.poll()
    quiet = outcome === 'idle' ? quiet + 1 : 0
  }
}
