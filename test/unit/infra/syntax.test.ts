import { createRequire } from 'node:module'
import { beforeAll, describe, expect, test } from 'vitest'
import { Language, type Node, Parser } from 'web-tree-sitter'
import { infraTexts } from '../../support/infra/infra.js'

/** The grammar of Bicep as editors use it. It knows no `.bicepparam`; `az bicep build` in the workflow compiles all. */
const grammar = createRequire(import.meta.url).resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')
let parser: Parser

beforeAll(async () => {
  await Parser.init()
  parser = new Parser()
  parser.setLanguage(await Language.load(grammar))
})

function mistakes(text: string): number[] {
  const lines: number[] = []
  const walk = (node: Node): void => {
    if (node.isError || node.isMissing) lines.push(node.startPosition.row + 1)
    else for (const child of node.children) if (child !== null) walk(child)
  }
  const tree = parser.parse(text)
  if (tree === null) throw new Error('the parser gave no tree')
  walk(tree.rootNode)
  return lines
}

const files = Object.entries(infraTexts()).filter(([name]) => name.endsWith('.bicep'))

describe('syntax of the Bicep', () => {
  test('every module is there', () => expect(files.length).toBeGreaterThanOrEqual(11))

  test.each(files)('SEC-36: %s', (_, text) => expect(mistakes(text)).toEqual([]))

  test.each([
    ['a brace that nobody closes', "resource a 'Microsoft.Storage/storageAccounts@2025-01-01' = {\n  name: 'x'\n"],
    ['a text that nobody closes', "var a = 'x\nvar b = 1\n"],
    ['a parameter without a type', 'param a =\nvar b = 1\n'],
    ['a condition without its brackets', "module a 'b.bicep' = if true {\n  name: 'x'\n}\n"],
  ])('control: %s is found', (_, text) => expect(mistakes(text).length).toBeGreaterThan(0))
})
