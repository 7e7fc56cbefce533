/** The pages a person sees at the emulated Entra. Plain forms: everything works without JavaScript. */
import { createHash } from 'node:crypto'
import type { AppRegistration, Tenant, User } from '../directory.js'
import { escapeHtml, page, type Reply } from '../loopback-server.js'
import { avatar, htmlPage } from '../page-style.js'

const badge = '<p><span class="badge">Emulated Microsoft sign-in, this machine only</span></p>'

/** Pick an account or cancel; a hinted account comes first and the others fold away. */
export function signInPage(view: {
  app: AppRegistration
  users: User[]
  hinted: User | undefined
  hint: string
  scopes: string[]
  action: string
  request: string
}): Reply {
  const { app, users, hinted, hint } = view
  const others = users.filter((u) => u !== hinted)
  const list = `<ul class="plain">${others.map((u) => `<li>${accountButton(u)}</li>`).join('')}</ul>`
  const missing = hint && !hinted ? `<p class="note">There is no account ${escapeHtml(hint)} here.</p>` : ''
  const choice = hinted
    ? `<ul class="plain"><li>${accountButton(hinted)}</li></ul><details><summary>Use another account</summary>${list}</details>`
    : list
  const body = `${badge}<h1>${hinted ? 'Sign in' : 'Pick an account'}</h1>
<p class="soft">to continue to <b>${escapeHtml(app.name)}</b></p>${missing}
<form method="post" action="${escapeHtml(view.action)}">
<input type="hidden" name="request" value="${escapeHtml(view.request)}">${choice}
${permissions(view.scopes)}
<p><button name="cancel" value="1">Cancel</button> <button name="decline" value="1">Decline the permissions</button></p></form>`
  return page(200, htmlPage('Sign in', body))
}

const accountButton = (user: User): string =>
  `<button class="account" name="user" value="${escapeHtml(user.upn)}">${avatar(user.displayName)}<span class="grow"><b>${escapeHtml(user.displayName)}</b><span>${escapeHtml(user.upn)}</span></span></button>`

const permissions = (scopes: string[]): string =>
  `<details><summary>What the app asks for</summary><ul>${scopes.map((s) => `<li>${escapeHtml(s)}</li>`).join('')}</ul></details>`

/** The person may not consent: ask the administrators, where that is set up, or go back. */
export function approvalPage(view: {
  app: AppRegistration
  user: User
  mayAsk: boolean
  scopes: string[]
  action: string
  request: string
}): Reply {
  const { app, user, mayAsk } = view
  const title = mayAsk ? 'Approval required' : 'Need admin approval'
  const ask = mayAsk
    ? '<p><label>Enter justification <input name="reason"></label></p><p><button class="primary" name="ask" value="1">Request approval</button></p>'
    : ''
  const body = `${badge}<h1>${title}</h1>
<p><b>${escapeHtml(app.name)}</b> needs permissions in your organisation that only an administrator can grant.</p>${permissions(view.scopes)}
<form method="post" action="${escapeHtml(view.action)}">
<input type="hidden" name="request" value="${escapeHtml(view.request)}"><input type="hidden" name="user" value="${escapeHtml(user.upn)}">
${ask}<p><button name="back" value="1">Return to the application without granting consent</button></p></form>`
  return page(200, htmlPage(title, body))
}

/** The administrator approves an application for a whole tenant. */
export function adminConsentPage(view: {
  app: AppRegistration
  tenants: Tenant[]
  scopes: string[]
  action: string
  request: string
}): Reply {
  const buttons = view.tenants.map(
    (t) =>
      `<li><button class="primary" name="tenant" value="${escapeHtml(t.id)}">Accept for ${escapeHtml(t.name)}</button></li>`,
  )
  const body = `${badge}<h1>Permissions requested</h1>
<p><b>${escapeHtml(view.app.name)}</b> asks for access on behalf of everyone in your organisation.</p>${permissions(view.scopes)}
<form method="post" action="${escapeHtml(view.action)}"><input type="hidden" name="request" value="${escapeHtml(view.request)}">
<ul class="plain">${buttons.join('')}</ul><p><button name="cancel" value="1">Cancel</button></p></form>`
  return page(200, htmlPage('Permissions requested', body))
}

/** A refusal that must not travel to an unproven redirect URI. */
export function refusalPage(
  message: string,
  advice = 'The application has to be corrected; going back and trying again will not help.',
): Reply {
  const body = `${badge}<h1>Sorry, but we cannot sign you in</h1><p class="note">${escapeHtml(message)}</p>
<p class="soft">${escapeHtml(advice)}</p>`
  return page(400, htmlPage('Sign-in refused', body))
}

const submitScript = 'document.forms[0].submit()'
const submitHash = `sha256-${createHash('sha256').update(submitScript).digest('base64')}`

/** The form_post answer: posts itself, or by the button when scripts are off. */
export function formPostPage(redirectUri: string, fields: Record<string, string>): Reply {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  )
  const body = `${badge}<h1>Returning to the application</h1><form method="post" action="${escapeHtml(redirectUri)}">${inputs.join('')}
<noscript><p>Scripts are off, so one more click is needed.</p><p><button class="primary">Continue</button></p></noscript></form>
<script>${submitScript}</script>`
  return page(200, htmlPage('Working…', body), submitHash)
}

export const signedOutPage = (): Reply => page(200, htmlPage('Signed out', `${badge}<h1>You signed out</h1>`))
