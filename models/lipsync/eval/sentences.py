"""What the reserved synthetic voices say. Written for this set, kept out of the training texts
(models/lipsync/text.py).

The share of false closures depends on how many p, b, m a text holds. ``PLAIN`` is everyday English (1.4 of them a
second; a shut mouth: 82 % false), ``RICH`` is full of them (53 %); together they are about as full as the text of
the one-hour trial that the targets refer to (66 %).
"""

from __future__ import annotations

from typing import Final

PLAIN: Final = (
    "The museum opens its doors at half past ten on Sundays.",
    "Bring both umbrellas, because the clouds above the bay look heavy.",
    "My brother repairs old pianos in a workshop behind the church.",
    "Would you prefer the window seat or something near the front?",
    "Five farmers found a fossil under the frozen field.",
    "She whispered a warning while we walked along the narrow wall.",
    "Nobody remembered to water the tomatoes before the weekend.",
    "The ferry leaves from pier number seven in about four minutes.",
    "Please keep your voice down, the baby has finally fallen asleep.",
    "We tried to open the cupboard, but the key was bent.",
    "A huge moose stood in the road and refused to move.",
    "Every evening the lighthouse keeper played chess against himself.",
    "What a beautiful view you have from up here!",
    "Turn left at the bakery, then follow the river for a mile.",
    "The old clock in the hall has been wrong since last November.",
    "Could somebody explain why the printer is making that noise?",
    "Vera poured the coffee very slowly and never spilled a drop.",
    "Put the blue book on top of the pile of papers.",
    "Our neighbours are moving to a village in the mountains.",
    "I thought the third chapter was the funniest part of the novel.",
    "The chef added pepper, butter and a pinch of brown sugar.",
    "Go home, close the shutters and wait for my phone call.",
    "Those shoes squeak whenever you step on a polished floor.",
    "In spring the garden smells of mint, jasmine and wet soil.",
    "Thomas and Ruth both enjoyed the show in the new theatre.",
    "The price of bread has doubled since the beginning of May.",
    "You should have seen his face when the balloon burst.",
    "Long queues formed outside the bank early in the morning.",
    "Few people know how to fold a map properly.",
    "Welcome back! How was your journey through the desert?",
    "The carpenter measured the beam twice and cut it only once.",
    "No, I am not angry, I am just incredibly tired.",
    "A gentle breeze carried the music across the empty square.",
    "Maybe Monday would be better for a meeting with the mayor.",
    "The goose chased the young cook around the kitchen table.",
    "Half of the puzzle was missing, so we gave up.",
)

RICH: Final = (
    "Pamela's mother may be pleased about the bumpy new bike path.",
    "Bob and Emma bought a pumpkin pie and a jumbo ham sandwich.",
    "My baby brother bumped his thumb on the marble table top.",
    "Maybe Papa will mop up the mess beneath the lamp by noon.",
    "Mabel met a plumber from Memphis who repaired pump number nine.",
    "A big brown bear climbed up the apple tree by the camp.",
    "Please remember to bring a pair of warm pyjamas, my boy.",
    "The company published ample proof of improved battery performance.",
    "Marble bubbles slipped past the museum's empty map room.",
    "Sam the bumblebee zoomed above poppies, plums and raspberry bushes.",
    "Bobby's mum made him promise to stop blowing bubblegum bubbles.",
    "Many members of the public hope to become part-time pilots.",
    "Mop the lobby, Ben, and put the plump pillows back upstairs.",
    "Primroses, poppies and pale purple peonies bloom by my gate.",
    "A mumbling piper from Blackpool played the same pompous tune.",
    "Plumbers and painters moved an important beam in the bedroom.",
    "Mummy, may I pick up the puppy and pat its tummy?",
    "The map puts the abbey midway between Bamber and Camberley.",
    "Amber lamps blinked above the pub as Tim mumbled a poem.",
    "Imagine the number of broken promises piled up by November.",
    "Grab my palm and jump over the puddle, big man.",
    "Pepper, plum jam and bread improve most simple meals.",
    "Bill's boat bobbed up and down by the broken pier.",
    "Something happened to Mister Pomeroy's marmalade business.",
)
