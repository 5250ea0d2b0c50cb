import { expect } from 'chai'
import { describe, it } from 'mocha'
import { codeChunker } from '../../../api/ingestion/chunkers/code.ts'

async function chunk(text: string, chunkSize = 160) {
  const settings = { chunker: 'code', chunkSize, chunkOverlap: 0, longest: Infinity } as const
  return codeChunker.chunk({ text, sections: [] }, settings)
}

const python = `import os


# Adds what it was given
# to what it had.
def add(total, *numbers):
    for number in numbers:
        total += number
    return total


class Account:
    """Money of one owner."""

    def __init__(self, owner):
        self.owner = owner
        self.balance = 0

    def deposit(self, amount):
        if amount <= 0:
            raise ValueError("nothing to deposit")
        self.balance += amount
`

const typescript = `import { readFile } from 'node:fs/promises'

export interface Point { readonly x: number; readonly y: number }

/** The way between two points. */
export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

export class Path {
  readonly points: Point[] = []
  length(): number {
    return this.points.slice(1).reduce((sum, point, index) => sum + distance(this.points[index]!, point), 0)
  }
}
`

const go = `package main

import "fmt"

type Server struct {
\tname string
}

// Start prints the name.
func (s *Server) Start() error {
\tfmt.Println(s.name)
\treturn nil
}

func main() {
\ts := &Server{name: "a"}
\tif err := s.Start(); err != nil {
\t\tpanic(err)
\t}
}
`

describe('chunkers/code', () => {
  it('keeps functions whole, with the comment above them', async () => {
    const chunks = await chunk(python)
    const add = chunks.filter(({ text }) => text.includes('def add'))
    expect(add).to.have.length(1)
    expect(add[0]!.text).to.include('# Adds what it was given').and.include('return total')
    const deposit = chunks.find(({ text }) => text.includes('def deposit'))
    expect(deposit?.text)
      .to.match(/^def deposit/)
      .and.match(/self\.balance \+= amount$/)
  })

  it('knows what a chunk is inside of', async () => {
    const headings = async (text: string, part: string, size?: number) =>
      (await chunk(text, size)).find(found => found.text.includes(part))?.headings
    expect(await headings(python, 'def deposit')).to.deep.equal(['Account', 'deposit'])
    expect(await headings(typescript, 'hypot', 170)).to.deep.equal(['distance'])
    expect(await headings(go, 'Println', 120)).to.deep.equal(['Start'])
  })

  it('cuts a function that does not fit between its statements', async () => {
    const body = Array.from({ length: 30 }, (_, index) => `    print("step number ${index} of the work")\n`)
    for (const { text } of await chunk(`def work():\n${body.join('')}`)) expect(text).to.match(/\)$/)
  })

  it('leaves the code of every language as it is, byte by byte', async () => {
    for (const text of [python, typescript, go]) {
      const chunks = await chunk(text, 100)
      expect(chunks.length).to.be.greaterThan(2)
      expect(
        chunks
          .map(({ text }) => text)
          .join('')
          .replace(/\s/g, ''),
      ).to.equal(text.replace(/\s/g, ''))
    }
  })

  it('takes prose for prose', async () => {
    const prose = 'A short sentence is this. Another one, with a comma, follows: here it is! '.repeat(10)
    for (const { text } of await chunk(prose)) expect(text).to.match(/[.!]$/)
  })

  it('does not stand still at deeply nested text', async () => {
    const deep = `x = ${'('.repeat(20_000)}1${')'.repeat(20_000)}\n`
    expect(await chunk(deep, 500)).to.have.length.greaterThan(50)
  })
})
