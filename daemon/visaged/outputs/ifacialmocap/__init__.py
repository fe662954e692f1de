"""iFacialMocap: one line of text a frame over UDP, spoken by VTuber programs and add-ons of Unity and Blender."""
