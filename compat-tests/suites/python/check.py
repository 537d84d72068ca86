"""Does a case, and says in a line what the client saw; see ../suite.ts."""

import sys
import threading
import time

PATIENCE_S = 45
bootstrap, run = sys.argv[1:3]
_serial = 0


def fresh(word):
    global _serial
    _serial += 1
    return f'{run}-{word}-{_serial}'


def case(area, name, act):
    """Prints what `act` returns, or what it raises."""
    answer = []

    def work():
        try:
            answer.append(('ok', str(act())))
        except BaseException as error:
            answer.append(('not ok', f'{type(error).__name__}: {error}'))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    verdict, seen = answer[0] if answer else ('not ok', f'nothing after {PATIENCE_S} s')
    print('\t'.join(' '.join(part.split()) for part in (verdict, area, name, seen)), flush=True)


def outcome(act):
    """What came back, or the name of what was raised."""
    try:
        return act()
    except Exception as error:
        return type(error).__name__


def until(is_so):
    end = time.time() + PATIENCE_S
    while not is_so():
        if time.time() > end:
            raise TimeoutError('waited in vain')
        time.sleep(0.02)
