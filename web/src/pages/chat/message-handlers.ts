/** What a message's row may ask for. The room makes it once; rows and their menus call it. */
import type { Message } from "./message";

/** What the list may ask of the room. One object for all rows, so that rows need not be drawn again. */
export interface MessageHandlers {
  reply: (message: Message) => void;
  copy: (message: Message) => void;
  remove: (message: Message) => void;
  /** Shows the quoted message, if it is here. */
  jump: (key: string) => void;
  open: (pictureUrl: string) => void;
  retry: (message: Message) => void;
  discard: (message: Message) => void;
  /** Takes the words back into the composer. */
  edit: (message: Message) => void;
}
