/** Large attachments in pieces. The upload URL is on outlook.office.com and is its own authorisation, as in reality. */
import { randomBytes } from 'node:crypto'
import { json, type Reply, type Request } from '../loopback-server.js'
import { attach, attachmentJson, draftOf, jsonBody } from './drafts.js'
import { badRequest, GraphRefusal, usualRefusal } from './graph-refusal.js'
import type { GraphState, MailboxRequest, UploadSession } from './graph-state.js'
import { attachmentOf } from './message-input.js'
import { idOf } from './message-json.js'

const uploadOrigin = 'https://outlook.office.com'
const largest = 150 * 1024 * 1024
const largestPiece = 4 * 1024 * 1024

export function createUploadSession(of: MailboxRequest): Reply {
  const message = draftOf(of)
  const item = jsonBody(of.request)['AttachmentItem'] as Record<string, unknown> | undefined
  const { attachmentType, name, size, contentType, isInline, contentId } = item ?? {}
  if (attachmentType !== 'file' || typeof name !== 'string' || !Number.isInteger(size)) {
    throw badRequest('ErrorInvalidProperty', 'AttachmentItem needs attachmentType file, name and size.')
  }
  if ((size as number) > largest || (size as number) <= 0) throw usualRefusal(413, 'ErrorAttachmentSizeLimitExceeded')
  const token = randomBytes(32).toString('base64url')
  const session: UploadSession = {
    mailbox: of.mailbox,
    messageId: message.immutableId,
    name,
    contentType: typeof contentType === 'string' ? contentType : 'application/octet-stream',
    isInline: isInline === true,
    ...(typeof contentId === 'string' ? { contentId } : {}),
    size: size as number,
    received: [],
    receivedBytes: 0,
    expiresAt: of.state.now() + 60 * 60_000,
  }
  of.state.uploads.set(token, session)
  const path = `/api/gv1.0/users('${of.user.oid}@${of.user.tenantId}')/messages('${idOf(message, of)}')/AttachmentSessions('${token}')`
  return json(201, { uploadUrl: `${uploadOrigin}${path}?authtoken=${token}`, ...progress(session) })
}

/** PUT of one piece, GET of the progress, DELETE to give up. */
export async function uploadPiece(state: GraphState, request: Request): Promise<Reply> {
  if (request.headers['authorization']) {
    throw new GraphRefusal(401, 'InvalidAudience', 'An upload URL is already authorised; send no Authorization header.')
  }
  const token = request.url.searchParams.get('authtoken') ?? ''
  const session = state.uploads.get(token)
  if (!session || session.expiresAt <= state.now()) throw usualRefusal(404)
  if (request.method === 'GET') return json(200, progress(session))
  if (request.method === 'DELETE') {
    state.uploads.delete(token)
    return { status: 204 }
  }
  if (request.method !== 'PUT') throw usualRefusal(405, 'MethodNotAllowed')
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(request.headers['content-range'] ?? '')
  if (!range) throw badRequest('ErrorInvalidRequest', 'Content-Range is missing or unreadable.')
  const [from, to, total] = range.slice(1).map(Number) as [number, number, number]
  if (request.body.length > largestPiece) throw usualRefusal(413)
  if (total !== session.size || to - from + 1 !== request.body.length) {
    throw badRequest('ErrorInvalidRequest', 'Content-Range does not fit the piece.')
  }
  if (from !== session.receivedBytes) return json(416, progress(session))
  const isLast = to + 1 === session.size
  const how = state.lies.tell('upload', [], { from })?.how
  if (how === 'forget') {
    state.uploads.delete(token)
    throw usualRefusal(404)
  }
  if (how === 'back') return json(200, progress(session))
  if (how === 'skip') return json(200, { ...progress(session), nextExpectedRanges: [`${to + 1 + 327_680}-`] })
  if (how === 'lost' && isLast) return json(200, { ...progress(session), nextExpectedRanges: [] })
  session.received.push(request.body)
  session.receivedBytes += request.body.length
  if (session.receivedBytes < session.size) return json(200, progress(session))
  state.uploads.delete(token)
  const finished = await finish(state, session, request)
  return how === 'last-200' ? json(200, { ...progress(session), nextExpectedRanges: [] }) : finished
}

async function finish(state: GraphState, session: UploadSession, request: Request): Promise<Reply> {
  const message = session.mailbox.message(session.messageId)
  if (!message?.isDraft) throw usualRefusal(404)
  const { name, contentType, isInline, contentId } = session
  const attachment = attachmentOf({
    '@odata.type': '#microsoft.graph.fileAttachment',
    ...{ name, contentType, isInline, contentId },
    contentBytes: Buffer.concat(session.received).toString('base64'),
  })
  await attach({ mailbox: session.mailbox, state }, message, attachment)
  const owner = request.path.slice(0, request.path.lastIndexOf('/'))
  const location = `${uploadOrigin}${owner}/attachments('${String(attachmentJson(attachment)['id'])}')`
  return { status: 201, headers: { location } }
}

const progress = (session: UploadSession) => ({
  expirationDateTime: new Date(session.expiresAt).toISOString(),
  nextExpectedRanges: [`${session.receivedBytes}-`],
})
