import { GatewayError } from '../errors.js'
import type { GraphClient } from './graph-client.js'

type Operation = 'send' | 'receive'

export interface GraphMailbox {
  graph: GraphClient
  /** `mailboxPath` of the mailbox. */
  box: string
}

const goneCodes = [
  'graph_erroritemnotfound',
  'graph_http_404',
  'graph_resourcenotfound',
  'graph_errorinvalididmalformed',
]

/** The message no longer exists. */
export const isGone = (error: unknown): boolean => error instanceof GatewayError && goneCodes.includes(error.code)

/**
 * A folder that nobody is given alone: somebody with permissions on the inbox or on the drafts only does not have the
 * mailbox, and what was sent could not be looked for.
 */
export const openSentItems = (graph: GraphClient, box: string): Promise<unknown> =>
  graph.json({ method: 'GET', to: `${box}/mailFolders/sentitems?$select=id`, operation: 'connect' })

/** Is a mail with this Message-ID in Sent Items? */
export async function inSentItems(mailbox: GraphMailbox, messageId: string, operation: Operation): Promise<boolean> {
  return (await withMessageId(mailbox, { folder: 'sentitems', messageId }, operation)).length > 0
}

/** Mails of a folder with this Message-ID, at most ten. */
export async function withMessageId(
  { graph, box }: GraphMailbox,
  { folder, messageId }: { folder: 'sentitems' | 'drafts'; messageId: string },
  operation: Operation,
): Promise<{ id: string; isDraft: boolean }[]> {
  const quoted = (messageId.startsWith('<') ? messageId : `<${messageId}>`).replaceAll("'", "''")
  const query = new URLSearchParams({ $select: 'id,isDraft', $top: '10' })
  query.set('$filter', `internetMessageId eq '${quoted}'`)
  const to = `${box}/mailFolders/${folder}/messages?${query}`
  const { value } = await graph.json<{ value: { id: string; isDraft: boolean }[] }>({ method: 'GET', to, operation })
  return value
}

const wellKnown = ['inbox', 'archive', 'deleteditems', 'drafts', 'junkemail', 'sentitems', 'outbox', 'msgfolderroot']

/**
 * A folder's id from what people write: a well-known name, an id, or the name they see, at the top or below the inbox.
 */
export async function folderId(graph: GraphClient, box: string, folder: string): Promise<string> {
  if (wellKnown.includes(folder.toLowerCase())) return folder.toLowerCase()
  const wanted = folder.toLowerCase()
  for (const path of ['/mailFolders', '/mailFolders/inbox/childFolders'])
    for await (const one of foldersBelow(graph, `${box}${path}?$top=200&$select=id,displayName`))
      if (one.id === folder || one.displayName?.toLowerCase() === wanted) return one.id
  // Ids of deeper folders are long; anything else is a name nobody has.
  if (folder.length >= 40) return folder
  throw new GatewayError('folder_missing', 'needs-admin', {
    hint: 'operator',
    description: 'The mailbox has no folder of the configured name.',
    remedy: 'Create the folder in the mailbox or choose another one in its settings.',
  })
}

interface Folders {
  value?: { id: string; displayName?: string }[]
  '@odata.nextLink'?: string
}

/** Pages of the list of folders: a mailbox may have more than one answer holds. */
const mostFolderPages = 20

async function* foldersBelow(graph: GraphClient, first: string): AsyncGenerator<{ id: string; displayName?: string }> {
  let to: string | undefined = first
  for (let pages = 0; to !== undefined && pages < mostFolderPages; pages++) {
    const list: Folders = await graph.json<Folders>({ method: 'GET', to, operation: 'receive' })
    yield* Array.isArray(list.value) ? list.value : []
    to = list['@odata.nextLink']
  }
}
