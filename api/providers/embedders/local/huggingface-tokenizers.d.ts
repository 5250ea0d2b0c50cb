// The package's own types import each other without file endings, which TypeScript does not resolve in ES modules.
declare module '@huggingface/tokenizers' {
  export class Tokenizer {
    /** The parsed tokenizer.json and tokenizer_config.json. */
    constructor(tokenizer: object, config: object)
    /** Ids of a text's tokens, with the special ones of the model. */
    encode(text: string): { ids: number[] }
  }
}
