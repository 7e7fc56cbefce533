/** Where the browser returns to: the registered address to the letter, and no spelling of another. */
import { describe, expect, test } from 'vitest'
import { addReturnUrl } from '../../../lib/flows/admin/return-urls.js'
import { connectFlows as flows } from '../../../lib/flows/connect/index.js'
import { at, codeOf, start, tenant, travel, useToldPeers } from '../../support/connect/told-peers.js'

useToldPeers()

describe('return URLs', () => {
  const registered = 'https://app.example.com/mail/done'
  const spellings = [
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\tevil.example',
    '/\n//evil.example',
    '\thttps://evil.example',
    'https:evil.example',
    'https:/evil.example',
    'https://evil.example',
    'http://app.example.com/mail/done',
    'HTTPS://app.example.com/mail/done',
    'https://APP.example.com/mail/done',
    'https://app.example.com.evil.example/mail/done',
    'https://evil.example/app.example.com/mail/done',
    'https://app.example.com@evil.example/mail/done',
    'https://evil.example@app.example.com/mail/done',
    'https://app.example.com:443/mail/done',
    'https://app.example.com:8443/mail/done',
    'https://app.example.com/mail/done/',
    'https://app.example.com/mail/done?next=//evil.example',
    'https://app.example.com/mail/done#x',
    'https://app.example.com/mail/./done',
    'https://app.example.com/mail/../evil',
    'https://app.example.com//mail/done',
    'https://app.example.com/mail%2fdone',
    'https://app.example.com/%6dail/done',
    'https://app.example.com\\mail\\done',
    'https://app.example.com/mail/done ',
    ' https://app.example.com/mail/done',
    'https://app.example.com/mail/done\0',
    'https://app.example.com/mail/done\r\nset-cookie: a=b',
    'https://app\u3002example.com/mail/done',
    'https://app\uff0eexample.com/mail/done',
    'https://app.example.com%2eevil.example/mail/done',
    'https://app.example.com./mail/done',
    'javascript:alert(1)',
    'data:text/html,x',
    '/mail/done',
    '/./\\evil.example',
    '/..//evil.example',
    'mail/done',
    '',
    '?',
    'https://',
    'https://xn--app-example.com/mail/done',
    'https://[::1]/mail/done',
  ]

  test('SEC-10, M-060: none of more than forty spellings is taken for the registered one', async () => {
    await addReturnUrl(at.deps, tenant, registered)
    await addReturnUrl(at.deps, 'other', 'https://other.example.com/')
    expect(spellings.length).toBeGreaterThanOrEqual(40)
    for (const returnUrl of [...spellings, 'https://other.example.com/'])
      expect(await codeOf(start({ returnUrl })), JSON.stringify(returnUrl)).toBe('return_url_not_registered')
    const { link } = await start({ returnUrl: registered })
    const back = await travel(link)
    await flows.completeSignIn(at.deps, back)
    expect((await flows.showResult(at.deps, back.link, back.browser)).returnTo).toBe(registered)
  })
})
