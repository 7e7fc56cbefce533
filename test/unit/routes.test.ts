import { describe, expect, test } from 'vitest'
import { compileRoute } from '../../local/host/routes.js'

describe('matching', () => {
  test.each([
    ['', '/', {}],
    ['mail', '/mail', {}],
    ['mail', '/MAIL/', {}],
    ['mail', '/mail/7', undefined],
    ['mail/{id}', '/mail/7', { id: '7' }],
    ['mail/{id}', '/mail', undefined],
    ['mail/{id}', '/mail//', undefined],
    ['mail/{id?}', '/mail', {}],
    ['mail/{id?}', '/mail/7/8', undefined],
    ['files/{*rest}', '/files/a/b%20c', { rest: 'a/b c' }],
    ['files/{*rest}', '/files', {}],
    ['{name:alpha}', '/abc', { name: 'abc' }],
    ['{name:alpha}', '/123', undefined],
    ['{id:int:range(1,9)}', '/5', { id: '5' }],
    ['{id:int:range(1,9)}', '/10', undefined],
    ['{id:guid}', '/6f9619ff-8b86-d011-b42d-00c04fc964ff', { id: '6f9619ff-8b86-d011-b42d-00c04fc964ff' }],
    ['{code:regex(^[a-f]{{2}}$)?}', '/', {}],
    ['{code:regex(^[a-f]{{2}}$)?}', '/ab', { code: 'ab' }],
    ['{code:regex(^[a-f]{{2}}$)?}', '/abc', undefined],
    ['{code:length(2,3)?}', '/abcd', undefined],
    ['{file}.{ext:alpha}', '/report.pdf', { file: 'report', ext: 'pdf' }],
    ['x.y', '/xzy', undefined],
    ['mail/{id}', '/mail/a%2Fb', { id: 'a%2Fb' }],
    ['mail/{id}', '/mail/%C3%A9+', { id: 'é+' }],
  ])('%j on %s', (template, path, expected) => {
    expect(compileRoute(template).match(path)).toEqual(expected)
  })

  test('a malformed escape is an error of the caller, not a match', () => {
    expect(() => compileRoute('{id}').match('/%E0%A4%A')).toThrow(URIError)
  })
})

describe('refused templates say why', () => {
  test.each([
    ['{*rest}/x', /catch-all parameter must come last/],
    ['{id?}/x', /optional parameter must come last/],
    ['{id:colour}', /unknown constraint "colour"/],
    ['{id}/{ID}', /appears twice/],
    ['{id', /malformed/],
    ['a//b', /malformed/],
    ['{id=3}', /not a parameter/],
    ['v{id?}', /must fill its whole segment/],
  ])('%s', (template, message) => {
    expect(() => compileRoute(template)).toThrow(message)
  })
})
