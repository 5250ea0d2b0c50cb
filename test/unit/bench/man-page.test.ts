import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readManPage } from '../../bench/eval/man-page.ts'

const page = String.raw`.\" A comment
.TH LS 1 "September 2022"
.SH BEZEICHNUNG
ls, dir \- Verzeichnisinhalte
auflisten
.SH BESCHREIBUNG
.\" Another comment
.PP
Auflistung der \fBDATEIen\fP in \fI\,ORDNER\/\fP.
.TP
.BR \-a ", " \-\-all
Alles.
.TS
tab(;) box;
a;b
.TE
.SS "Mehr dazu"
Ende\(aqs.
`

describe('a manual page as a known item', () => {
  it('is its summary without names, and the page without the summary', () => {
    expect(readManPage(page)).to.deep.equal({
      summary: 'Verzeichnisinhalte auflisten',
      text: 'BESCHREIBUNG\n\nAuflistung der DATEIen in ORDNER.\n\n-a, --all\nAlles.\n\n\n"Mehr dazu"\nEnde\'s.'.replace(
        '\n\n\n',
        '\n\n',
      ),
    })
  })

  it('is none without a summary or without more', () => {
    expect(readManPage('.so man1/ls.1\n')).to.equal(null)
    expect(readManPage('.SH NAME\nls\n.SH DESCRIPTION\nLists.\n')).to.equal(null)
    expect(readManPage('.SH NAME\nls \\- list\n')).to.equal(null)
  })
})
