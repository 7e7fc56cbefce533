/**
 * The emulated Microsoft Graph mail API. It serves `/v1.0/…` and returns `https://graph.microsoft.com/…` links, so that
 * Microsoft's client runs unmodified when its last middleware maps that origin, and https://outlook.office.com for
 * upload URLs, to `url`. Also serves a small web mail at `/mail`.
 */
import { type CloudName, type CloudResources, clouds } from '../clouds.js'
import { controlEndpoint } from '../control-endpoint.js'
import type { Directory } from '../directory.js'
import type { Entra } from '../entra/start-entra.js'
import { loopbackServer, type Reply, type Request, seeOther } from '../loopback-server.js'
import { batch } from './batch.js'
import { type GraphControl, graphControl } from './graph-control.js'
import { GraphRefusal, usualRefusal } from './graph-refusal.js'
import { exchangeLimits, type GraphState, newGraphState } from './graph-state.js'
import { carryOutLate, handleRequest } from './handle-request.js'
import { mailPage } from './mail-page.js'
import { uploadPiece } from './upload-session.js'

export type { GraphControl } from './graph-control.js'

export interface GraphOptions {
  directory: Directory
  /** Who signed the access tokens. */
  entra: Pick<Entra, 'verifyAccessToken'>
  /** Default 0, any free port. */
  port?: number
  host?: '127.0.0.1' | 'localhost'
  clock?: () => number
  /** Whose links it hands out; default: the global one's. */
  cloud?: CloudName
  /** Enforce Exchange's limits; default true. */
  limits?: boolean
  /** Receives mail for addresses outside the directory. */
  onDeliver?: (from: string, to: string[], raw: Buffer) => void | Promise<void>
}

export interface Graph {
  url: string
  control: GraphControl
  stop(): Promise<void>
}

export async function startGraph(options: GraphOptions): Promise<Graph> {
  const state = newGraphState({
    directory: options.directory,
    now: options.clock ?? options.directory.now,
    verify: options.entra.verifyAccessToken,
    onDeliver: options.onDeliver,
    limits: options.limits === false ? undefined : exchangeLimits,
  })
  const control = graphControl(state)
  const cloud = clouds[options.cloud ?? 'global']
  const serve = async (request: Request) => spelledIn(cloud, await route(state, control, request))
  const server = await loopbackServer(serve, options)
  return { url: server.url, control, stop: () => server.stop() }
}

/** Links of its own and upload addresses, as this cloud writes them. */
function spelledIn({ graph, outlook }: CloudResources, reply: Reply): Reply {
  if (graph === clouds.global.graph || typeof reply.body !== 'string') return reply
  const body = reply.body.replaceAll(clouds.global.graph, graph).replaceAll(clouds.global.outlook, outlook)
  return { ...reply, body }
}

async function route(state: GraphState, control: GraphControl, request: Request): Promise<Reply> {
  await carryOutLate(state)
  if (request.path === '/') return seeOther('/mail')
  if (request.path === '/__control') return controlEndpoint(control, request)
  if (request.path === '/mail' || request.path.startsWith('/mail/'))
    return mailPage(state.directory, request, state.onDeliver)
  try {
    if (request.path.startsWith('/api/')) return await upload(state, request)
    if (request.path.toLowerCase() === '/v1.0/$batch') return await batch(state, request)
  } catch (refusal) {
    if (refusal instanceof GraphRefusal) return refusal.reply(state.now())
    throw refusal
  }
  return handleRequest(state, request)
}

async function upload(state: GraphState, request: Request): Promise<Reply> {
  state.counters.requests['upload'] = (state.counters.requests['upload'] ?? 0) + 1
  const fault = state.faults.take(['upload'], [])
  if (fault?.drop && !fault.after) return { status: 0, drop: true }
  if (fault?.status && !fault.after) throw usualRefusal(fault.status, fault.code)
  const reply = await uploadPiece(state, request)
  return fault?.drop ? { status: 0, drop: true } : reply
}
