import { GatewayError } from '../errors.js'
import { isSendOnlyTarget, type SendTarget } from '../model/transports.js'
import type { OutgoingMail, SendEvidence, Sender, SendReceipt, SendSession } from '../ports/sender.js'
import { forGraph, type GraphAttachment } from '../protocol/graph-mime.js'
import { type GraphClient, type GraphOptions, graphClient, mailboxPath, withOutcome } from './graph-client.js'
import { inSentItems, isGone, openSentItems, withMessageId } from './graph-mailbox.js'
import { sendMailSession } from './graph-send-mail.js'

const largestInline = 2_900_000
/** Pieces are multiples of 320 KiB and below 4 MB. */
const pieceBytes = 10 * 320 * 1024

/**
 * Sends by draft: the draft's id is durable before the one call that cannot be taken back, so that after a crash or a
 * 504 the mailbox itself says whether the mail left. Where the grant may send and nothing else, by one call instead.
 */
export function graphSender(options: GraphOptions = {}): Sender {
  return {
    async open(target, authority, signal) {
      const graph = graphClient(options, authority, signal)
      return isSendOnlyTarget(target) ? sendMailSession(graph, pathOf(target)) : sendSession(graph, pathOf(target))
    },

    async lookUp(target, authority, { messageId, evidence, signal }) {
      if (isSendOnlyTarget(target)) return 'unreadable'
      const graph = graphClient(options, authority, signal)
      const box = pathOf(target)
      if (evidence.draftId) {
        try {
          return await draftTells(graph, box, evidence.draftId)
        } catch (error) {
          if (!isGone(error)) throw error
        }
      }
      return (await inSentItems({ graph, box }, messageId, 'send')) ? 'sent' : 'undecided'
    },
  }
}

const pathOf = (target: SendTarget): string => mailboxPath(target.transport === 'graph' ? target.graph.mailbox : 'me')

/**
 * A draft that was handed over may still leave: a send that was answered with 504 has been carried out a minute later,
 * and a worker that stood still asks late. A deleted draft keeps its id and can be sent from Deleted Items, so deleting
 * proves nothing. Without recipients it is refused whoever sends it: they are taken away first, and only a later look
 * that finds it so says `not-sent`.
 */
async function draftTells(graph: GraphClient, box: string, id: string): Promise<SendEvidence> {
  const to = `${box}/messages/${encodeURIComponent(id)}`
  const select = `?$select=id,isDraft,${recipientLists.join(',')}`
  const draft = await graph.json<Draft>({ method: 'GET', to: to + select, operation: 'send' })
  if (!draft.isDraft) return 'sent'
  if (recipientLists.some((list) => (draft[list] ?? []).length > 0)) {
    const body = Object.fromEntries(recipientLists.map((list) => [list, []]))
    await graph.json({ method: 'PATCH', to, body, operation: 'send' })
    return 'stopped'
  }
  await discard(graph, box, id)
  return 'not-sent'
}

const recipientLists = ['toRecipients', 'ccRecipients', 'bccRecipients'] as const
type Draft = { isDraft: boolean } & Partial<
  Record<(typeof recipientLists)[number], { emailAddress?: { address?: string } }[]>
>

function sendSession(graph: GraphClient, box: string): SendSession {
  return {
    async send(mail, handingOver): Promise<SendReceipt> {
      const id = await prepare(graph, box, mail)
      let isHandedOver = false
      try {
        await handingOver({ draftId: id })
        isHandedOver = true
        const to = `${box}/messages/${encodeURIComponent(id)}/send`
        await graph.json({ method: 'POST', to, body: '', operation: 'send', outcome: 'judge' })
      } catch (error) {
        // "No such draft": somebody removed it or sent it by hand, or Graph errs. The mailbox says which, so it is asked.
        const isDoubtful = isHandedOver && isGone(error)
        const judged = withOutcome(
          error,
          isDoubtful ? 'unknown' : ((error as { outcome?: 'unknown' }).outcome ?? 'not-sent'),
        )
        if ((judged as { outcome?: string }).outcome !== 'unknown') await discard(graph, box, id)
        throw judged
      }
      return { refused: [], reply: `accepted, id ${id}`.slice(0, 200) }
    },
    async check() {
      await graph.json({ method: 'GET', to: `${box}/mailFolders/drafts?$select=id`, operation: 'connect' })
      await openSentItems(graph, box)
      return 'opened'
    },
    async close() {},
  }
}

/** The complete mail as a draft; nothing of it can leave without a send call. */
async function prepare(graph: GraphClient, box: string, mail: OutgoingMail): Promise<string> {
  let id: string | undefined
  try {
    const { mime, attachments } = await forGraph(mail.raw, mail.recipients)
    if (mail.again) await discardLeftOver(graph, box, mail)
    const draft = await graph.json<Draft & { id: string }>({
      method: 'POST',
      to: `${box}/messages`,
      headers: { 'content-type': 'text/plain' },
      body: mime.toString('base64'),
      operation: 'send',
      outcome: 'not-sent',
    })
    id = draft.id
    checkRecipients(draft, mail)
    for (const attachment of attachments) await attach(graph, `${box}/messages/${encodeURIComponent(id)}`, attachment)
    return id
  } catch (error) {
    if (id !== undefined) await discard(graph, box, id)
    // Somebody tidied up the drafts: says nothing about the mail.
    if (id !== undefined && isGone(error)) throw uploadInterrupted('the draft was removed meanwhile')
    throw withOutcome(error, 'not-sent')
  }
}

/**
 * Exchange has the last word on whom a header names: what it would deliver to more people than were named stays here.
 */
function checkRecipients(draft: Draft, mail: OutgoingMail): void {
  const understood = new Set(
    recipientLists.flatMap((list) => draft[list] ?? []).map((one) => one.emailAddress?.address?.toLowerCase()),
  )
  if (understood.size <= mail.recipients.length) return
  throw new GatewayError('headers_name_others', 'permanent', {
    hint: 'message',
    description: `Microsoft 365 reads ${understood.size} recipients from the headers of this mail, which has ${mail.recipients.length}.`,
    remedy: 'Correct To and Cc in the header of the mail, or send it from a mailbox that sends by SMTP.',
    outcome: 'not-sent',
  })
}

async function attach(graph: GraphClient, message: string, attachment: GraphAttachment): Promise<void> {
  const { bytes: read, ...about } = attachment
  const bytes = read()
  const call = { method: 'POST', operation: 'send', outcome: 'not-sent' } as const
  if (bytes.byteLength <= largestInline) {
    const contentBytes = bytes.toString('base64')
    const body = { '@odata.type': '#microsoft.graph.fileAttachment', ...about, contentBytes }
    await graph.json({ ...call, to: `${message}/attachments`, body })
    return
  }
  const open = async (): Promise<string> => {
    const body = { AttachmentItem: { attachmentType: 'file', ...about, size: bytes.byteLength } }
    const to = `${message}/attachments/createUploadSession`
    return (await graph.json<{ uploadUrl: string }>({ ...call, to, body })).uploadUrl
  }
  if (
    (await inPieces(graph, open, bytes)) ||
    (await isAttached(graph, message, { name: about.name, size: bytes.byteLength }))
  )
    return
  throw uploadInterrupted('the last piece was answered as if more were to come, and the file is not there')
}

/**
 * The server says which byte it wants next (Graph, attach large files): one that lost a piece gets it again, one that forgot
 * the session gets the file from its beginning, once. What it claims to have and was never given is not believed. False: it
 * took the last piece and did not say that the file is complete.
 */
async function inPieces(graph: GraphClient, open: () => Promise<string>, bytes: Uint8Array): Promise<boolean> {
  const size = bytes.byteLength
  let uploadUrl = await open()
  let isNew = true
  let pieces = 2 * Math.ceil(size / pieceBytes) + 4
  for (let from = 0; pieces > 0; pieces -= 1) {
    const piece = bytes.subarray(from, from + pieceBytes)
    const reached = from + piece.length
    const headers = {
      'content-type': 'application/octet-stream',
      'content-range': `bytes ${from}-${reached - 1}/${size}`,
    }
    let answer: { status: number; body: unknown }
    try {
      answer = await graph.answer({
        ...{ method: 'PUT', to: uploadUrl, headers, body: piece },
        ...{ operation: 'send', outcome: 'not-sent' },
      })
    } catch (error) {
      if (!isSessionOver(error)) throw error
      if (!isNew) throw uploadInterrupted(error.description)
      isNew = false
      uploadUrl = await open()
      from = 0
      continue
    }
    const { nextExpectedRanges: [wanted] = [], id } = (answer.body ?? {}) as {
      nextExpectedRanges?: string[]
      id?: string
    }
    if (reached === size && (answer.status === 201 || id !== undefined)) return true
    const next = wanted === undefined ? reached : Number.parseInt(wanted, 10)
    if (!(next <= reached)) throw uploadInterrupted('the server wants to go on behind what it was given')
    if (next === size) return false
    from = next
  }
  throw uploadInterrupted('the server asked for the same pieces again and again')
}

/** Forgotten, expired, or at another place than its answers said. */
const isSessionOver = (error: unknown): error is GatewayError =>
  isGone(error) || (error instanceof GatewayError && error.code === 'graph_http_416')

async function isAttached(graph: GraphClient, message: string, file: { name: string; size: number }): Promise<boolean> {
  const to = `${message}/attachments?$select=id,name,size`
  const { value } = await graph.json<{ value: { name?: string; size?: number }[] }>({
    ...{ method: 'GET', to, operation: 'send', outcome: 'not-sent' },
  })
  return value.some((one) => one.name === file.name && (one.size ?? 0) >= file.size)
}

const uploadInterrupted = (why: string): GatewayError =>
  new GatewayError('graph_upload_interrupted', 'transient', {
    description: `A large file could not be added to the draft: ${why}.`,
    remedy: 'Nobody has to act: the gateway sends the mail later with a new draft.',
    outcome: 'not-sent',
  })

/**
 * A worker that died between draft and journal, or a lost answer, leaves a draft nobody knows by its id. Only under a
 * Message-ID of ours: one the app chose may be that of a draft of the mailbox's owner.
 */
async function discardLeftOver(graph: GraphClient, box: string, mail: OutgoingMail): Promise<void> {
  if (!mail.messageId.startsWith(`<${mail.mailId}@`)) return
  const drafts = await withMessageId({ graph, box }, { folder: 'drafts', messageId: mail.messageId }, 'send').catch(
    () => [],
  )
  for (const { id, isDraft } of drafts) if (isDraft) await discard(graph, box, id)
}

/** Best effort: a draft that stays behind is untidy, not wrong. */
async function discard(graph: GraphClient, box: string, id: string): Promise<void> {
  const to = `${box}/messages/${encodeURIComponent(id)}`
  await graph.json({ method: 'DELETE', to, operation: 'send' }).catch(() => {})
}
