const longest = 120

/**
 * The safe part of a file name that a stranger gave: neither a path nor a device, nor one that looks like another name;
 * empty if nothing is left. At most 120 characters, with the extension.
 */
export function safeFileName(given: string): string {
  const bare =
    given
      .slice(0, 2_000)
      .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
      .split(/[/\\]/)
      .at(-1) ?? ''
  const name = bare.replace(/[<>:"|?*%;'`$&]/g, '_').replace(/^[.\s~-]+|(?<![.\s])[.\s]+$/g, '')
  const harmless = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name) ? `_${name}` : name
  const letters = [...harmless]
  if (letters.length <= longest) return harmless
  const [extension = ''] = /\.\w{1,10}$/.exec(harmless) ?? []
  return letters.slice(0, longest - extension.length).join('') + extension
}
