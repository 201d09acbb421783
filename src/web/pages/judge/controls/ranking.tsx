import {
  closestCenter,
  DndContext,
  type DragEndEvent,
  KeyboardCode,
  KeyboardSensor,
  PointerSensor,
  useSensor,
  useSensors,
} from '@dnd-kit/core';
import {
  SortableContext,
  sortableKeyboardCoordinates,
  useSortable,
  verticalListSortingStrategy,
} from '@dnd-kit/sortable';
import { type ReactNode, useState } from 'react';
import { keyOfPlace } from '../logic/answer-keys.ts';
import { dragged, listed, withRank } from '../logic/ranking.ts';
import { letterOf } from '../logic/types.ts';
import { type ControlProps, KeyHint } from './parts.tsx';

const excerpt = (text: string) => (text.length > 90 ? `${text.slice(0, 89).trimEnd()}…` : text);

const prefersStill = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** One reply in the list: a handle to drag it by, and its rank as numbers to choose. */
function Row({
  place,
  rank,
  count,
  text,
  name,
  onRank,
}: {
  readonly place: number;
  readonly rank: number | null;
  readonly count: number;
  readonly text: string;
  readonly name: string;
  readonly onRank: (rank: number | null) => void;
}): ReactNode {
  const { attributes, listeners, setNodeRef, transform, transition, isDragging } = useSortable({
    id: place + 1,
    ...(prefersStill() && { transition: null }),
  });
  const letter = letterOf(place);
  return (
    <li
      ref={setNodeRef}
      style={{
        transform: transform === null ? undefined : `translate3d(${transform.x}px, ${transform.y}px, 0)`,
        transition,
      }}
      className={`ranked${isDragging ? ' lifted' : ''}`}
      data-cell={place}
    >
      <button type="button" className="handle" {...attributes} {...listeners} aria-label={`Move reply ${letter}`}>
        <span aria-hidden="true">⠿</span>
      </button>
      <div>
        <p className="excerpt">
          <strong>{letter}</strong> <KeyHint of={keyOfPlace(place)} /> <span className="soft">{excerpt(text)}</span>
        </p>
        <div className="chips tight" role="radiogroup" aria-label={`Rank of reply ${letter}`}>
          {Array.from({ length: count }, (_, i) => i + 1).map((number) => (
            <label key={number} className="chip point">
              <input
                type="radio"
                name={`${name}/${place}`}
                checked={rank === number}
                onChange={() => onRank(number)}
                aria-keyshortcuts={String(number)}
              />
              <span>{number}</span>
            </label>
          ))}
          <label className="chip point quiet">
            <input
              type="radio"
              name={`${name}/${place}`}
              checked={rank === null}
              onChange={() => onRank(null)}
              aria-keyshortcuts="0"
            />
            <span>none</span>
          </label>
        </div>
      </div>
    </li>
  );
}

const said = (id: string | number) => `reply ${letterOf(Number(id) - 1)}`;

/** Replies from best to worst: by number (equal numbers tie, none leaves out) or by dragging, with pointer or keys. */
export function RankingControl({ question, fields, shown, onChange }: ControlProps<'ranking'>): ReactNode {
  const { ranks } = fields;
  // Sorted when dropped and when the numbers are left, never under the fingers of who types them.
  const [order, setOrder] = useState(() => listed(ranks));
  const sensors = useSensors(
    // A small distance first, so that a tap on a phone is not a drag.
    useSensor(PointerSensor, { activationConstraint: { distance: 6 } }),
    // Enter submits, so that only the space bar lifts and drops.
    useSensor(KeyboardSensor, {
      coordinateGetter: sortableKeyboardCoordinates,
      keyboardCodes: { start: [KeyboardCode.Space], cancel: [KeyboardCode.Esc], end: [KeyboardCode.Space] },
    }),
  );
  const dropped = ({ active, over }: DragEndEvent) => {
    if (over === null) return;
    const place = Number(active.id) - 1;
    const to = order.indexOf(Number(over.id) - 1);
    const next = dragged(ranks, { place, to, partial: question.partial });
    setOrder(listed(next));
    onChange({ ranks: next });
  };
  const position = (id: string | number | undefined) => (id === undefined ? 0 : order.indexOf(Number(id) - 1) + 1);
  return (
    <>
      <p className="small soft">
        1 is best. {question.ties ? 'Equal numbers tie. ' : ''}
        {question.partial ? 'Leave out what you cannot place.' : ''}
      </p>
      <DndContext
        sensors={sensors}
        collisionDetection={closestCenter}
        onDragEnd={dropped}
        accessibility={{
          screenReaderInstructions: {
            draggable:
              'Space lifts the reply, arrow up and down move it, space drops it, Escape leaves it where it was.',
          },
          announcements: {
            onDragStart: ({ active }) => `Lifted ${said(active.id)}.`,
            onDragOver: ({ active, over }) =>
              over === null
                ? undefined
                : `${said(active.id)} is over position ${position(over.id)} of ${order.length}.`,
            onDragEnd: ({ active, over }) =>
              over === null ? undefined : `Dropped ${said(active.id)} at position ${position(over.id)}.`,
            onDragCancel: ({ active }) => `${said(active.id)} is where it was.`,
          },
        }}
      >
        <SortableContext items={order.map((place) => place + 1)} strategy={verticalListSortingStrategy}>
          <ol
            className="ranking"
            onBlur={({ relatedTarget, currentTarget }) => {
              const stays = relatedTarget instanceof HTMLInputElement && currentTarget.contains(relatedTarget);
              if (!stays) setOrder(listed(ranks));
            }}
          >
            {order.map((place) => (
              <Row
                key={place}
                place={place}
                rank={ranks[place] ?? null}
                count={ranks.length}
                text={shown.replies[place]!}
                name={question.id}
                onRank={(rank) => onChange({ ranks: withRank(ranks, place, rank) })}
              />
            ))}
          </ol>
        </SortableContext>
      </DndContext>
    </>
  );
}
