import * as z from 'zod'

export const httpsUrl = z
  .string()
  .max(500)
  // What a URL parser would drop or turn round in silence, so that what is kept is what was given.
  .refine(
    (text) => !/[\s\\\p{C}]/u.test(text),
    'must not contain spaces, backslashes or invisible characters; encode them',
  )
  .refine(
    (text) => URL.canParse(text) && isAllowedUrl(new URL(text)),
    'must be an https:// URL without user name, password or fragment',
  )

function isAllowedUrl(url: URL): boolean {
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname))
}
