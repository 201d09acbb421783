import { useEffect, useRef } from 'react';
import { flushSync } from 'react-dom';
import { press } from './logic/answer-keys.ts';
import { type Filled, fieldsOf, nextOpen, shownOf } from './logic/form.ts';
import { type Command, commandOf } from './logic/keys.ts';
import type { Form } from './logic/types.ts';

const TEXT_INPUTS = 'textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button])';

const questionElement = (id: string) => document.querySelector<HTMLElement>(`[data-question="${CSS.escape(id)}"]`);

/** Puts the focus on a question as a whole and brings it into sight. */
export function focusQuestion(id: string): void {
  const element = questionElement(id);
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: 'nearest' });
}

/** The control in a part of a question that takes the focus: what is chosen, else the first. */
function focusIn(element: Element | null | undefined): boolean {
  const target =
    element?.querySelector<HTMLElement>('input:checked') ??
    element?.querySelector<HTMLElement>('input:not(:disabled), textarea');
  target?.focus();
  return target !== null && target !== undefined;
}

export interface KeyOptions {
  /** The form on screen; null while there is none to answer. */
  readonly filled: Filled | null;
  readonly activeId: string | null;
  readonly dialog: boolean;
  readonly singleKeys: boolean;
  readonly onForm: (form: Form) => void;
  readonly onCommand: (command: Command) => void;
}

/** The keyboard of the screen: commands, and answers to the question at hand with the focus led on. */
export function useKeys(options: KeyOptions): void {
  const latest = useRef(options);
  latest.current = options;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { filled, activeId, dialog, singleKeys, onForm, onCommand } = latest.current;
      if (event.defaultPrevented) return;
      const at = document.activeElement;
      // By where the key was pressed too: a key that closes a window is not one of the desk behind it.
      const inDialog = event.target instanceof Element && event.target.closest('[role=dialog]') !== null;
      const command = commandOf(event, {
        dialog: dialog || inDialog,
        singleKeys,
        typing: at?.matches(TEXT_INPUTS) === true || at?.getAttribute('role') === 'application',
        onButton: at?.matches('button, a, summary') === true,
      });
      if (command === null) return;
      if (typeof command === 'string') {
        event.preventDefault();
        if (command === 'leave-text') at?.closest<HTMLElement>('[data-question]')?.focus();
        else onCommand(command);
        return;
      }
      const question = filled?.questions.find(({ id }) => id === activeId);
      if (filled === null || question === undefined) return;
      const cell = at?.closest<HTMLElement>('[data-cell]')?.dataset.cell;
      const typed = press(question, fieldsOf(question as never, filled), command.answer, {
        shown: shownOf(filled),
        cell: cell === undefined || !questionElement(question.id)?.contains(at) ? null : Number(cell),
      });
      if (typed === null) return;
      event.preventDefault();
      const form = { ...filled.form, [question.id]: typed.fields };
      // The control must be there before it gets the focus.
      flushSync(() => onForm(form));
      const element = questionElement(question.id);
      if (typed.text) element?.querySelector<HTMLElement>('[data-text]')?.focus();
      else if (typed.cell !== undefined) focusIn(element?.querySelector(`[data-cell="${typed.cell}"]`));
      else {
        const next = typed.done ? nextOpen({ ...filled, form }, question.id) : null;
        if (next !== null && next !== question.id) focusQuestion(next);
        else if (at?.matches('[type=radio]') === true || !element?.contains(at) || at === element) focusIn(element);
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}
