from .compare import agree as agree, atmost as atmost, differs as differs, falls as falls, moments as moments
from .draw import Draw as Draw
from .peers import Translation as Translation, objective as objective, peer as peer, race as race
from .subject import NotOffered as NotOffered, Subject as Subject
from .witness import known as known, law as law, mutant as mutant
