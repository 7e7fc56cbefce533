/** Whole lists, page by page. */

import { listAttention } from '../../../lib/flows/ops/list-attention.js'
import { listNotImported } from '../../../lib/flows/receive/received-list.js'
import type { Gateway } from '../../../lib/gateway.js'
import { everyRow } from '../../../lib/model/page.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'

export const everyMailbox = ({ admin }: Pick<Gateway, 'admin'>, tenant: string) =>
  everyRow((page) => admin.listMailboxFacts(tenant, page), 'mailboxes')

export const everyConnection = ({ tokens }: Pick<Gateway, 'tokens'>, tenant: string) =>
  everyRow((page) => tokens.listConnectionFacts(tenant, page), 'connections')

export const everyConsent = ({ connect }: Pick<Gateway, 'connect'>, tenant: string) =>
  everyRow((page) => connect.listConsents(tenant, page), 'consents')

export const everyAttention = (deps: Toolbox, tenant: string) =>
  everyRow((page) => listAttention(deps, tenant, page), 'attention')

export const everyNotImported = (deps: Toolbox, tenant: string, mailboxId: string) =>
  everyRow((page) => listNotImported(deps, { tenant, mailboxId }, page), 'mails')
