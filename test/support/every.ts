/** Whole lists, page by page. */
import type { Dependencies } from '../../lib/flows/common/dependencies.js'
import { listAttention } from '../../lib/flows/ops/list-attention.js'
import { listNotImported } from '../../lib/flows/receive/received-list.js'
import type { Gateway } from '../../lib/gateway.js'
import { everyRow } from '../../lib/model/page.js'

export const everyMailbox = ({ admin }: Pick<Gateway, 'admin'>, tenant: string) =>
  everyRow((page) => admin.listMailboxFacts(tenant, page), 'mailboxes')

export const everyConnection = ({ tokens }: Pick<Gateway, 'tokens'>, tenant: string) =>
  everyRow((page) => tokens.listConnectionFacts(tenant, page), 'connections')

export const everyConsent = ({ connect }: Pick<Gateway, 'connect'>, tenant: string) =>
  everyRow((page) => connect.listConsents(tenant, page), 'consents')

export const everyAttention = (deps: Dependencies, tenant: string) =>
  everyRow((page) => listAttention(deps, tenant, page), 'attention')

export const everyNotImported = (deps: Dependencies, tenant: string, mailboxId: string) =>
  everyRow((page) => listNotImported(deps, tenant, mailboxId, page), 'mails')
